"""The stand-in as a separate process, for tests."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.aws.control.client import Control
from local.aws.environment import environment, operator_environment

_STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class RunningAws:
    """A running stand-in.

    Attributes:
        control: Moves its clock and adds faults.
    """

    data_dir: Path
    port: int
    control: Control

    def environment(self) -> dict[str, str]:
        """Return what the app needs in its environment; see `local.aws.environment`."""
        return environment(self.data_dir, self.port)

    def operator_environment(self) -> dict[str, str]:
        """Return what an operator needs in the environment; see `local.aws.environment`."""
        return operator_environment(self.data_dir, self.port)


@contextmanager
def running(data_dir: Path, *, port: int = 0, region: str = "us-west-2") -> Iterator[RunningAws]:
    """Run a stand-in on `data_dir` inside the `with`; block until it is ready.

    Raises:
        RuntimeError: It ended before it was ready; its message is on stderr.
    """
    command = [sys.executable, "-m", "local.aws", "--data-dir", str(data_dir)]
    options = ["--port", str(port), "--control-port", "0", "--region", region]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 our own module
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"the stand-in AWS on {data_dir} did not start")
            ready = json.loads(line)
            yield RunningAws(data_dir, ready["port"], Control(ready["control_port"]))
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
