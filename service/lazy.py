"""Create a value on first use, so that the API answers before its drivers are imported."""

from collections.abc import Callable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that is created once, on first use, in a thread: its imports take a second of CPU.

    Args:
        make: Creates it; called again if it fails.

    Attributes:
        made: The value, None before its first use.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self.made: T | None = None
        self._make = make
        self._lock = anyio.Lock()

    async def get(self) -> T:
        """Return the value; concurrent callers wait until it is created."""
        async with self._lock:
            if self.made is None:
                self.made = await anyio.to_thread.run_sync(self._make)
            return self.made
