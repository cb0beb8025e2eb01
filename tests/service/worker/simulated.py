"""An event loop whose time advances only while every task waits, and then immediately."""

import asyncio
import selectors
from types import SimpleNamespace
from typing import Any

import anyio


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop in which waits take no real time, and a busy machine delays nothing.

    Only for code that takes its time from the loop: a deadline for a socket would pass immediately.

    Attributes:
        seconds: The simulated time; a test may add delays of a busy machine.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.seconds


class _Selector(selectors.SelectSelector):
    """Poll without waiting, and advance the time to the next deadline."""

    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:  # Any: the library's own pairs
        if timeout is None:
            return super().select()
        self._loop.seconds += max(0.0, timeout)
        return super().select(0)


BACKEND = "asyncio", {"loop_factory": SimulatedLoop}
TIME = SimpleNamespace(perf_counter=anyio.current_time)  # replaces the module


def loop() -> SimulatedLoop:
    """Return the event loop of the test."""
    running = asyncio.get_running_loop()
    assert isinstance(running, SimulatedLoop)
    return running
