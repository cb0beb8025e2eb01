"""One answer for all who ask at the same moment."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turn(Generic[T]):
    """Makes one answer for all who ask in one turn of the event loop.

    What they asked with had come before the turn began, so nobody gets an answer that was made
    before his question.

    Args:
        make: Makes the answer, without waiting for anything.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []  # one at most

    def get(self) -> T:
        """The answer of this turn; called in the event loop.

        Raises:
            Exception: What `make` raises.
        """
        if not self._made:
            self._made.append(self._make())
            asyncio.get_running_loop().call_soon(self._made.clear)
        return self._made[0]
