"""Print the output of commands, whose reader may leave early, as `head` does."""

import contextlib
import os
import sys
from typing import NoReturn


def show(text: str, end: str = "\n") -> None:
    """Print a text to stdout, at once.

    If nobody reads any more, this text and all that follow are dropped: the command ends as if they
    had been read.
    """
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        drop()


def drop() -> None:
    """Drop what is still buffered: Python flushes again at its end, and would report the error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave(status: int) -> NoReturn:
    """End the process now, when all of its work is done.

    Python would first free all modules one by one, a quarter of a start's CPU time, and wait for
    threads, in which a call to AWS or to a target of alerts may hang.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None if it was closed before the start
        with contextlib.suppress(BrokenPipeError):  # nobody reads any more
            stream.flush()
    os._exit(status)


def refuse(reason: str, code: int) -> int:
    """Print to stderr why a command does nothing, and return its exit status."""
    print(f"heartbeat: {reason}", file=sys.stderr)
    return code
