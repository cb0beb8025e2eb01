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
        self._waiting: list[asyncio.Future[T]] = []

    async def get(self) -> T:
        """The answer of this turn.

        Raises:
            Exception: What `make` raises, for each who asked.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._end)
        mine: asyncio.Future[T] = (
            loop.create_future()
        )  # each has its own: who leaves takes nothing from the others
        self._waiting.append(mine)
        return await mine

    def _end(self) -> None:
        waiting, self._waiting = self._waiting, []
        staying = [each for each in waiting if not each.done()]
        try:
            answer = self._make()
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            for each in staying:
                each.set_exception(error)
        else:
            for each in staying:
                each.set_result(answer)
