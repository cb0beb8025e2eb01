"""No two processes choose the same port, whether or not a server listens there yet."""

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from local import reservation, server
from tests.service.processes import ROOT

PORTS = range(10_000, 10_010)  # never all taken, and no other test chooses one
# Chooses ports until none is left, prints them, and lives on, or leaves a child.
CHOOSER = f"""
import subprocess, sys
from contextlib import suppress
from local import reservation, server
reservation.FILE = sys.argv[1]
server.PORTS = range({PORTS.start}, {PORTS.stop})
with suppress(server.StartError):
    for _ in range({len(PORTS) + 1}):
        print(server.free_port(), end=" ")
"""
WAITS = "print(flush=True); sys.stdin.read()"
LEAVES_A_CHILD = "print(subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL).pid)"


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The file of a machine on which nobody has reserved any of `PORTS`."""
    path = str(tmp_path / "ports")
    monkeypatch.setattr(server, "PORTS", PORTS)
    monkeypatch.setattr(reservation, "FILE", path)
    monkeypatch.setattr(reservation, "_reserved", set())
    monkeypatch.setattr(reservation, "_file", functools.cache(reservation._file.__wrapped__))
    return path


def chosen() -> list[int]:
    """Choose ports in this process until none is left."""
    ports = []
    with suppress(server.StartError):
        for _ in range(len(PORTS) + 1):
            ports.append(server.free_port())  # noqa: PERF401  it must keep those before the error
    return ports


@contextmanager
def choosing(file: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Let another process choose ports until none is left; yield it and its ports."""
    command = [sys.executable, "-c", CHOOSER + WAITS, file]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, [int(port) for port in process.stdout.readline().split()]
        finally:
            process.kill()


def test_two_processes_never_choose_the_same_port(file: str) -> None:
    own = [server.free_port() for _ in range(3)]

    with choosing(file) as (_, others):
        assert others
        assert not set(own) & set(others)
        assert not set(chosen()) & set(others)


@pytest.mark.usefixtures("file")
def test_a_process_never_chooses_a_port_twice() -> None:
    ports = chosen()

    assert len(set(ports)) == len(ports) > 1


def test_a_killed_process_leaves_no_port_reserved(file: str) -> None:
    with choosing(file) as (process, others):
        assert not reservation.reserve(others[0])
        process.send_signal(signal.SIGKILL)
        process.wait()

        assert reservation.reserve(others[0])


def test_a_child_keeps_no_port_reserved(file: str) -> None:
    command = [sys.executable, "-c", CHOOSER + LEAVES_A_CHILD, file]

    printed = subprocess.check_output(command, cwd=ROOT, text=True).split()

    assert len(printed) > 1
    try:
        assert reservation.reserve(int(printed[0]))
    finally:
        os.kill(int(printed[-1]), signal.SIGKILL)


def test_without_the_file_ports_are_still_chosen(file: str) -> None:
    Path(file).mkdir()

    ports = chosen()

    assert len(set(ports)) == len(ports) > 1


def test_another_users_locks_do_not_count(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with choosing(file) as (_, others):
        monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)

        assert set(chosen()) == set(others)
