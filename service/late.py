"""What is made when it is first needed, so that an API answers before its drivers are imported."""

from collections.abc import Callable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class Late(Generic[T]):
    """One thing, made once, in a thread, since its imports take a second of CPU.

    Args:
        make: Makes it; called again if it fails.

    Attributes:
        made: The thing, None before it was needed.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self.made: T | None = None
        self._make = make
        self._lock = anyio.Lock()

    async def get(self) -> T:
        """The thing; whoever comes while it is made waits for it."""
        async with self._lock:
            if self.made is None:
                self.made = await anyio.to_thread.run_sync(self._make)
            return self.made
