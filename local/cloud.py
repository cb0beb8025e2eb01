"""The stand-in for AWS as an embedded server."""

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from local.process import Process
from local.server import Server

PROBE_S = 0.2


class Cloud(Server):
    """`python -m local.aws`, started and stopped like the stores.

    Args:
        folder: See `Server`.
        port: See `Server`.
        control_port: The port on 127.0.0.1 that controls its faults; None for no control.
    """

    name = "aws"

    def __init__(
        self, folder: Path, port: int | None = None, control_port: int | None = None
    ) -> None:
        super().__init__(folder, port)
        self._control_port = control_port

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that a client needs; known after the first start."""
        from local.aws.environment import environment  # noqa: PLC0415  slow, and needed late

        return environment(self._data, self.port)

    @property
    def bucket(self) -> Mapping[str, str]:
        """The variable of a source in its S3."""
        from local.aws.environment import bucket_environment  # noqa: PLC0415  as above

        return bucket_environment(self.port)

    def ready(self) -> bool:
        """Tell whether it listens; it does so once it is prepared."""
        try:
            socket.create_connection(("127.0.0.1", self.port), PROBE_S).close()
        except OSError:
            return False
        return self.process.running

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _prepare(self) -> Process:
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [sys.executable, "-m", "local.aws"]
        command += ["--port", str(self.port), "--data-dir", str(self._data)]
        if self._control_port:
            command += ["--control-port", str(self._control_port)]
        return Process(command, self._data, self.log)
