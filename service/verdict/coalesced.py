"""One answer for all requests of the same moment."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Coalesced(Generic[T]):
    """Makes one answer for all requests that one iteration of the event loop handles.

    These requests had arrived before the iteration began, so no answer is older than its request.

    Args:
        make: Makes the answer, without waiting.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []  # one at most

    def get(self) -> T:
        """Return the answer of this iteration; called in the event loop.

        Raises:
            Exception: What `make` raises.
        """
        if not self._made:
            self._made.append(self._make())
            asyncio.get_running_loop().call_soon(self._made.clear)
        return self._made[0]
