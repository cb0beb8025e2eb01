"""The folder with all data of one machine's Heartbeat, locked by one supervisor."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

ELSEWHERE = "choose another folder: --data-dir FOLDER, or --ephemeral"


class HomeError(RuntimeError):
    """The folder cannot be used; the message has the reason and the remedy."""


class HomeInUseError(HomeError):
    """Another supervisor uses this folder; the message names its pid."""


def default_home() -> Path:
    """Return where data is kept between runs: inside the checkout."""
    return Path(__file__).parents[1] / ".heartbeat"


@contextmanager
def locked(home: Path) -> Iterator[Path]:
    """Lock the folder, created if missing; the lock ends with the process.

    Raises:
        HomeInUseError: Another process has locked it.
        HomeError: It cannot be created or written.
    """
    with _opened(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            message = f"{home} is in use by another `python -m local`, pid {lock.read() or '?'}"
            raise HomeInUseError(f"{message}: stop it, or {ELSEWHERE}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield home.absolute()


def _opened(home: Path) -> TextIO:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (home / "lock").open("a+")
    except OSError as error:
        raise HomeError(f"{home} cannot be used ({error.strerror}): {ELSEWHERE}") from error


@contextmanager
def temporary() -> Iterator[Path]:
    """Provide a folder that is removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="heartbeat-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
