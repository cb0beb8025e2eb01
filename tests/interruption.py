"""SIGTERM ends pytest as Ctrl-C does: fixtures stop their servers, and the summary is printed."""

import signal
import time
from types import FrameType

ECHO_S = 0.5  # a terminal, make and timeout may each send a signal for the same wish


def end_in_order_on_signals() -> None:
    """Take SIGINT and SIGTERM from now on; the main thread must call this."""
    first_at: float | None = None

    def interrupt(number: int, _frame: FrameType | None) -> None:
        nonlocal first_at
        now = time.monotonic()
        if first_at is None:
            first_at = now
            raise KeyboardInterrupt
        if number == signal.SIGINT and now - first_at > ECHO_S:  # somebody is in a hurry
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
