"""One answer for all who ask at the same moment."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turn(Generic[T]):
    """Makes one answer for all who ask in one turn of the event loop.

    It is made after the last of them has asked: nobody gets what was made before.

    Args:
        make: Makes the answer, without waiting for anything.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._coming: asyncio.Future[T] | None = None

    async def get(self) -> T:
        """The answer of this turn.

        Raises:
            Exception: What `make` raises, for each who asked.
        """
        if self._coming is None:
            loop = asyncio.get_running_loop()
            self._coming = loop.create_future()
            loop.call_soon(self._end, self._coming)
        return await asyncio.shield(self._coming)  # who leaves takes nothing from the others

    def _end(self, coming: asyncio.Future[T]) -> None:
        self._coming = None
        try:
            coming.set_result(self._make())
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            coming.set_exception(error)
