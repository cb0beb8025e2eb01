"""A cache that makes one answer for concurrent requests and keeps it for a short time."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class Cache(Generic[T]):
    """Make one answer per key at a time, and keep it for its lifetime.

    Args:
        lifetime_s: Seconds that an answer is kept.
        limit: How many keys are kept; beyond it the oldest is dropped.
    """

    def __init__(self, lifetime_s: float, limit: int) -> None:
        self._lifetime_s = lifetime_s
        self._limit = limit
        self._entries: OrderedDict[Hashable, _Entry[T]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return the answer for a key: the kept one, the one being made, or a new one.

        Raises:
            Exception: What `make` raises; it is not kept, and the next waiting request tries again.
        """
        entry = self._entries.setdefault(key, _Entry())
        while len(self._entries) > self._limit:
            self._entries.popitem(last=False)
        async with entry.turn:
            if not entry.answers or anyio.current_time() >= entry.expires:
                entry.answers = [await make()]
                entry.expires = anyio.current_time() + self._lifetime_s
            return entry.answers[0]


@dataclass(slots=True)
class _Entry(Generic[T]):
    turn: anyio.Lock = field(default_factory=anyio.Lock)
    answers: list[T] = field(default_factory=list)  # one, or none yet
    expires: float = 0.0
