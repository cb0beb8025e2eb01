"""One of our own processes, and its use of the machine."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel

from bench.build import ROOT, Build
from local.process import Process
from local.server import free_port

START_S = 30.0
GRACE_S = 15.0
POLL_S = 0.002
LOG_POLL_S = 0.02
MB = 1e6


class Usage(BaseModel):
    """The resources of a process at one moment.

    Attributes:
        cpu_s: User and system time so far.
        rss_mb: Resident memory.
    """

    cpu_s: float
    rss_mb: float
    descriptors: int
    threads: int
    connections: int


@dataclass(frozen=True)
class Program:
    """A running process.

    Attributes:
        port: Where it listens.
        log: Its output.
        started: `time.monotonic()` just before it was started.
        first_answer_s: Seconds from there to its first answer, where that was waited for.
    """

    process: Process
    port: int
    log: Path
    started: float
    first_answer_s: float = 0.0

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def usage(self) -> Usage:
        """Return its current resources."""
        seen = psutil.Process(self.process.pid)
        with seen.oneshot():
            times = seen.cpu_times()
            return Usage(
                cpu_s=times.user + times.system,
                rss_mb=seen.memory_info().rss / MB,
                descriptors=seen.num_fds(),
                threads=seen.num_threads(),
                connections=len(seen.net_connections("tcp")),
            )

    def lines(self, event: str) -> list[dict[str, Any]]:  # Any: JSON
        """Return the lines of its log with one event."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if f'"event": "{event}"' in line]

    def await_lines(self, event: str, count: int, seconds: float) -> list[dict[str, Any]]:
        """Wait for so many lines of one event; after that time, return those that arrived."""
        give_up = time.monotonic() + seconds
        while len(found := self.lines(event)) < count and time.monotonic() < give_up:
            time.sleep(LOG_POLL_S)
        return found

    def await_answer(self) -> float:
        """Return the seconds from its start to its first answer on its port."""
        give_up = self.started + START_S
        while time.monotonic() < give_up:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    if connection.recv(64).startswith(b"HTTP/1.1 200"):
                        return time.monotonic() - self.started
            except OSError:
                time.sleep(POLL_S)
        raise RuntimeError(f"no answer from {self.process.command}: {self.process.ending}")


@contextmanager
def program(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    port: int = 0,
    build: Build | None = None,
) -> Iterator[Program]:
    """Run `python -m …` until the block ends, then stop it by its id.

    Args:
        arguments: The arguments after `-m`.
        environ: All of its environment but the path.
        folder: For its log.
        port: Where it will listen; 0 for nowhere in particular.
        build: The revision that it runs; None for this checkout.
    """
    log = folder / f"{arguments[0]}-{'-'.join(arguments[1:2])}-{time.monotonic_ns()}.log"
    log.touch()
    command = [build.python if build else sys.executable, "-m", *arguments]
    variables = {"PATH": os.environ["PATH"], **environ}
    started = time.monotonic()
    process = Process(command, build.root if build else ROOT, log, environment=variables)
    process.start()
    try:
        yield Program(process, port, log, started)
    finally:
        process.terminate()
        process.finish(GRACE_S)


@contextmanager
def api(environ: Mapping[str, str], folder: Path, build: Build | None = None) -> Iterator[Program]:
    """Run the API; yield it once it answers."""
    port = free_port()
    variables = {**environ, "HOST": "127.0.0.1", "PORT": str(port)}
    with program(["service", "api"], variables, folder, port, build) as running:
        yield replace(running, first_answer_s=running.await_answer())


@contextmanager
def worker(
    environ: Mapping[str, str], folder: Path, interval_s: float, build: Build | None = None
) -> Iterator[Program]:
    """Run the worker; yield it once it is started."""
    port = free_port()
    variables = {**environ, "HEARTBEAT_INTERVAL_SECONDS": str(interval_s), "HEALTH_PORT": str(port)}
    with program(["service", "worker"], variables, folder, port, build) as running:
        yield running


@contextmanager
def empty(folder: Path) -> Iterator[Program]:
    """Run the empty ASGI app; yield it once it answers."""
    port = free_port()
    with program(["bench.floor", str(port)], {}, folder, port) as running:
        yield replace(running, first_answer_s=running.await_answer())
