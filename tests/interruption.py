"""Make SIGTERM end pytest like Ctrl-C: fixtures stop their servers, the summary is printed."""

import signal
import time
from types import FrameType

import pytest

ECHO_S = 0.5  # a terminal, make and timeout may each send a signal for the same wish


class Interruption:
    """A plugin that handles SIGINT and SIGTERM; create it in the main thread."""

    def __init__(self) -> None:
        self._first_at: float | None = None
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, self._interrupt)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """End the run before the next test if the last one caught the signal's exception."""
        if self._first_at is not None:
            pytest.exit("ended by a signal", returncode=pytest.ExitCode.INTERRUPTED)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first_at is None:
            self._first_at = now
            raise KeyboardInterrupt
        if now - self._first_at > ECHO_S:  # somebody is in a hurry
            raise KeyboardInterrupt
