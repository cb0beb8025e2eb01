"""Run the service's commands as processes, like a platform."""

import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from local.process import Process
from local.server import free_port

ROOT = Path(__file__).parent.parent.parent
GRACE_S = 60.0  # longer than any shutdown, even on a busy machine
POLL_S = 0.02  # a wait without a pause takes the CPU time that it waits for
# Processes inherit only PATH, and the variables of coverage.
BARE = {k: v for k, v in os.environ.items() if k in {"PATH", "COVERAGE_PROCESS_CONFIG"}}

# The modules of a process of the image, which lacks those of the development group.
IMAGE = BARE | {"PYTHONPATH": str(ROOT / "tests" / "platform" / "image")}


@dataclass(frozen=True)
class Running:
    """A process that answers requests.

    Attributes:
        url: Its address.
        log: The file with its log; complete once it has ended.
        process: The process, for signals.
    """

    url: str
    log: Path
    process: Process


@contextmanager
def running(
    command: str, variable: str, environ: Mapping[str, str], folder: Path, root: Path = ROOT
) -> Iterator[Running]:
    """Run `python -m service <command>` until the block ends.

    Args:
        command: `api` or `worker`.
        variable: The variable that sets its port.
        environ: Its whole environment except PATH.
        folder: Receives its log.
        root: The repository of the service.
    """
    port = free_port()
    log = folder / f"{command}.log"
    log.touch()
    process = Process(
        [sys.executable, "-m", "service", command],
        root,
        log,
        environment={**IMAGE, variable: str(port), **environ},
    )
    process.start()
    url = f"http://127.0.0.1:{port}"
    try:
        _await(process, port)
        yield Running(url, log, process)
    finally:
        process.terminate()
        process.finish(GRACE_S)


def _await(process: Process, port: int) -> None:
    while True:
        assert process.running, process.ending
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(POLL_S)
            continue
        httpx2.get(f"http://127.0.0.1:{port}/livez", timeout=GRACE_S).raise_for_status()
        return
