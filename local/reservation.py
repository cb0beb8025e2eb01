"""Reserve ports among all of a user's processes on this machine.

A port is chosen some time before its server listens. Meanwhile, or while the server is stopped, it
looks free to every other process that chooses one.
"""

import contextlib
import errno
import fcntl
import functools
import os
import threading

# Not in $TMPDIR, which may differ between processes. It stays empty: a port's byte is only locked.
FILE = f"/tmp/heartbeat-ports-{os.getuid()}"  # noqa: S108  a link is not followed

_reserved: set[int] = set()
_reserving = threading.Lock()


def reserve(port: int) -> bool:
    """Reserve a port until this process ends, however it ends; tell whether nobody had reserved it.

    The processes that this one starts may listen on the port, and do not keep it.
    """
    with _reserving:
        if port in _reserved or not _lock(port):
            return False
        _reserved.add(port)
        return True


def _lock(port: int) -> bool:
    """Lock the port's byte of the shared file; the process's end unlocks it [fcntl(2)]."""
    file = _file()
    if file is None:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError as error:  # another process has it, or the file system has no locks [POSIX]
        return error.errno not in {errno.EACCES, errno.EAGAIN}
    return True


@functools.cache
def _file() -> int | None:
    """Open the file, once: closing any of its descriptors would unlock it.

    Returns:
        Its descriptor. None if it cannot be opened, or is another user's, who could lock all of it.
    """
    with contextlib.suppress(OSError):
        file = os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        return file if os.fstat(file).st_uid == os.getuid() else None
    return None
