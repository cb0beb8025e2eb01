"""The folder that holds all of one machine's Heartbeat, for one supervisor at a time."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HomeInUseError(RuntimeError):
    """Another supervisor works on this folder; the text names its pid."""


def default_home() -> Path:
    """Where data stay between runs: inside the checkout, so that nothing is put outside of it."""
    return Path(__file__).parents[1] / ".heartbeat"


@contextmanager
def locked(home: Path) -> Iterator[Path]:
    """Holds the folder, made if it is missing; the lock goes with the process, whatever ends it.

    Raises:
        HomeInUseError: Someone else holds it.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            message = f"{home} is in use by another `python -m local`, pid {lock.read() or '?'}"
            raise HomeInUseError(message) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield home.absolute()


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="heartbeat-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
