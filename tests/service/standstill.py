"""Measure how long one callback blocks an event loop, even on a busy machine."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

STANDSTILL_MAX_S = (
    1.0  # a request takes a hundredth of it, and on a machine six times too busy a half
)
SCHEDULE = Path("/proc/thread-self/schedstat")  # Linux: on CPU, waiting for one, both in ns


@contextmanager
def longest_standstill_s() -> Iterator[Callable[[], float]]:
    """Watch asyncio's loops; return a function that returns the longest run of a callback so far.

    The time in which the thread waited for a CPU does not count.
    """
    run = asyncio.Handle._run
    longest = 0.0

    def watched(handle: asyncio.Handle) -> None:
        nonlocal longest
        began, waited = time.perf_counter(), waited_s()
        run(handle)
        took = time.perf_counter() - began - (waited_s() - waited)
        longest = max(longest, took)

    asyncio.Handle._run = watched  # type: ignore[method-assign,assignment] # asyncio has no hook
    try:
        yield lambda: longest
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign] # as above


def waited_s() -> float:
    """Return how long this thread has waited for a CPU; 0 if the system does not report it."""
    return int(SCHEDULE.read_text().split()[1]) / 1e9 if SCHEDULE.exists() else 0.0
