"""A lane for blocking calls: at most one is in flight, and a hung one blocks no process."""

import threading
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, Lock, to_thread

from schema.errors import ErrorWord
from service.errors import SourceError

T = TypeVar("T")


class Lane:
    """Runs blocking calls in a thread, one after the other.

    A caller leaves at its deadline, but a thread cannot be stopped: its call continues, and may
    still succeed. Until it ends, further calls are refused as `timeout`, so that threads never pile
    up behind a hung server.
    """

    def __init__(self) -> None:
        self._turn = Lock(fast_acquire=True)
        self._gate = threading.Lock()
        self._limiter = CapacityLimiter(1)

    @property
    def busy(self) -> bool:
        """Whether a call is running, including an abandoned one."""
        return self._gate.locked()

    async def run(self, call: Callable[[], T]) -> T:
        """Wait for a turn, then run `call` in a thread.

        Raises:
            SourceError: `timeout`, if an abandoned call is still in flight.
        """

        def alone() -> T:
            if not self._gate.acquire(blocking=False):
                raise SourceError(ErrorWord.TIMEOUT, "an earlier call is still in flight")
            try:
                return call()
            finally:
                self._gate.release()

        async with self._turn:
            if self.busy:
                raise SourceError(ErrorWord.TIMEOUT, "an earlier call is still in flight")
            return await to_thread.run_sync(alone, abandon_on_cancel=True, limiter=self._limiter)
