"""What the embedded servers share: a folder, a port, a password, and how they start and stop."""

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

READY_S = 60.0  # far over any start seen; one that ends is noticed at once
READY_POLL_S = 0.01
STOP_S = 5.0
PORTS = range(20_000, 32_768)  # below those of connections that go out [Linux, ip(7)]


class StartError(RuntimeError):
    """A server that did not start; the text holds the end of its log."""


class Server(ABC):
    """A real server as our child, with data that stay in its folder; one object per folder.

    Args:
        folder: Made if it is missing; data, password and log live in it.
        port: On 127.0.0.1; None takes a free one and keeps it for the life of the object.
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
        """The variables by which the service finds this server."""

    @property
    def process(self) -> Process:
        """The server's process; its data folder is prepared at the first use."""
        if self._process is None:
            self._process = self._prepare()
        return self._process

    @property
    def pid(self) -> int | None:
        """Of the server's first process."""
        return self.process.pid

    def launch(self) -> None:
        """Starts the server's process, in place of any that an earlier run has left here."""
        self.process.end_leftovers()
        self._clear()
        self.process.start()

    def start(self) -> None:
        """Starts the server and returns when it takes connections.

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
        """Whether our own process takes connections now; returns at once."""

    def stop(self) -> None:
        """Stops the server in order; one that does not obey within 5 s is killed."""
        self.process.terminate()
        self.process.finish(STOP_S)

    def kill(self) -> None:
        """Kills the server as a crash would."""
        self.process.kill()

    def pause(self) -> None:
        """Freezes the server: it accepts connections and never answers."""
        self.process.pause()

    def resume(self) -> None:
        """Lets a paused server go on."""
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
        """Makes the data folder if need be."""

    def _clear(self) -> None:  # noqa: B027  most have nothing to remove
        """Removes what would hinder the start; nothing of ours runs here now."""

    @property
    def _password(self) -> str:
        return password(self.folder / "password")


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now.

    Not one that the system hands out by itself: a connection that goes out could take such a port
    while its server is stopped.
    """
    for port in random.sample(PORTS, len(PORTS)):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise StartError(f"no port of {PORTS.start} to {PORTS.stop - 1} is free on 127.0.0.1")


def password(path: Path) -> str:
    """The password kept in a file that only its owner reads, made at random at first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    text = path.read_text()
    if not text:
        text = secrets.token_urlsafe(24)
        path.write_text(text)
    return text
