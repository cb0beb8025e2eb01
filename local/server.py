"""The base of the embedded servers: folder, port, password, start and stop."""

import random
import secrets
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.process import Process
from local.reservation import reserve

READY_S = 60.0  # far above any start seen; a server that ends is noticed immediately
READY_POLL_S = 0.01
STOP_S = 5.0
PORTS = range(20_000, 32_768)  # below the ports of outgoing connections [Linux, ip(7)]


class StartError(RuntimeError):
    """A server did not start; the message contains the end of its log."""


class Server(ABC):
    """A real server as a child process, with its data in a folder; one object per folder.

    Args:
        folder: For data, password and log; created if missing.
        port: A port of 127.0.0.1; None for a free one, kept for the object's life.
    """

    name: str

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.log = self.folder / f"{self.name}.log"
        self._process: Process | None = None

    @property
    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """The variables that lead the service to this server."""

    @property
    def process(self) -> Process:
        """The server's process; the first use prepares its data folder."""
        if self._process is None:
            self._process = self._prepare()
        return self._process

    @property
    def pid(self) -> int | None:
        """The process id of the server's main process."""
        return self.process.pid

    def launch(self) -> None:
        """Start the server's process; end one that an earlier run has left here."""
        self.process.end_leftovers()
        self._clear()
        self.process.start()

    def start(self) -> None:
        """Start the server; return when it accepts connections.

        Raises:
            StartError: It ended, or took over a minute.
        """
        self.launch()
        give_up = time.monotonic() + READY_S
        while not self.ready():
            if not self.process.running or time.monotonic() > give_up:
                ending = self.process.ending
                self.kill()
                raise StartError(f"{self.name} did not start: {ending}")
            time.sleep(READY_POLL_S)

    @abstractmethod
    def ready(self) -> bool:
        """Tell whether our own process accepts connections now; returns immediately."""

    def stop(self) -> None:
        """Stop the server gracefully; kill it after 5 s."""
        self.process.terminate()
        self.process.finish(STOP_S)

    def kill(self) -> None:
        """Kill the server, as in a crash."""
        self.process.kill()

    def pause(self) -> None:
        """Freeze the server: it accepts connections and never answers."""
        self.process.pause()

    def resume(self) -> None:
        """Resume a paused server."""
        self.process.resume()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> Process:
        """Create the data folder if needed."""

    def _clear(self) -> None:  # noqa: B027  most have nothing to remove
        """Remove obstacles to the start; no server of ours runs here now."""

    @property
    def _password(self) -> str:
        return password(self.folder / "password")


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now, and that no other call returns.

    It is this process's until it ends: see `local.reservation`. It is below the system's ephemeral
    range, from which an outgoing connection could take a port while its server is stopped.
    """
    for port in random.sample(PORTS, len(PORTS)):
        if not reserve(port):
            continue
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise StartError(f"no port of {PORTS.start} to {PORTS.stop - 1} is free on 127.0.0.1")


def password(path: Path) -> str:
    """Return the password in a file that only its owner can read; create it at random."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    text = path.read_text()
    if not text:
        text = secrets.token_urlsafe(24)
        path.write_text(text)
    return text
