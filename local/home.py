"""The folder with all data of one machine's Heartbeat, locked by one supervisor."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HomeInUseError(RuntimeError):
    """Another supervisor uses this folder; the message names its pid."""


def default_home() -> Path:
    """Return where data is kept between runs: inside the checkout."""
    return Path(__file__).parents[1] / ".heartbeat"


@contextmanager
def locked(home: Path) -> Iterator[Path]:
    """Lock the folder, created if missing; the lock ends with the process.

    Raises:
        HomeInUseError: Another process has locked it.
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
    """Provide a folder that is removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="heartbeat-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
