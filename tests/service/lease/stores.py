"""Leases in memory with a simulated clock, as in PostgreSQL and Valkey."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import anyio

from schema.errors import ErrorWord
from service.errors import SourceError
from service.lease.lease import Lease
from service.lease.standing import Answer
from service.lease.task import LeaseTask
from service.lease.terms import Terms


@dataclass
class Store:
    """One store that all processes share.

    Attributes:
        unreachable: The processes whose requests fail.
        taken: Each holder with its token, in the order in which they took the lease.
        hangs_s: How many seconds a request to an unreachable store takes to fail.
    """

    unreachable: set[str] = field(default_factory=set)
    taken: list[tuple[str, int]] = field(default_factory=list)
    hangs_s: float = 0.0
    holder: str | None = None
    until: float = 0.0
    token: int = 0
    standbys: dict[str, float] = field(default_factory=dict)

    def empty(self) -> None:
        """Forget everything, like a restarted cache."""
        self.holder, self.until, self.token = None, 0.0, 0
        self.standbys.clear()


class MemoryLease:
    """One process's connection to a store."""

    def __init__(self, store: Store, task: LeaseTask) -> None:
        self.store = store
        self.task = task

    async def claim(self, known: int, *, overrides: bool = False) -> Answer:
        await self._pass()
        store, now = self.store, anyio.current_time()
        free = store.holder is None or store.until <= now or overrides
        if free or store.holder == self.task.holder:
            same = store.holder == self.task.holder or overrides
            token = max(store.token, known) + (0 if same else 1)
            if store.holder != self.task.holder:
                store.taken.append((self.task.holder, token))
            store.holder, store.token = self.task.holder, token
            store.until = now + self.task.terms.lease_s
        return self._said()

    async def look(self) -> Answer:
        await self._pass()
        return self._said()

    async def stand_by(self) -> None:
        await self._pass()
        self.store.standbys[self.task.holder] = anyio.current_time() + self.task.terms.lease_s

    async def leave(self) -> None:
        await self._pass()
        self.store.standbys.pop(self.task.holder, None)

    async def release(self) -> None:
        await self._pass()
        if self.store.holder == self.task.holder:
            self.store.until = 0.0
        self.store.standbys.pop(self.task.holder, None)

    async def _pass(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.task.holder in self.store.unreachable:
            await anyio.sleep(self.store.hangs_s)
            raise SourceError(ErrorWord.UNREACHABLE)

    def _said(self) -> Answer:
        store, now = self.store, anyio.current_time()
        there = store.holder is not None and store.until > now
        return Answer(
            leads=there and store.holder == self.task.holder,
            token=store.token if there else 0,
            holder=store.holder if there else None,
            left_s=store.until - now if there else 0.0,
            standbys=tuple(
                sorted(n for n, end in store.standbys.items() if end > now and n != store.holder)
            ),
        )


def lease(
    name: str,
    database: Store | None,
    keys: Store | None,
    interval_s: float = 60.0,
    clock: Callable[[], float] = anyio.current_time,
) -> Lease:
    """Return the lease of the process `name` in these stores."""
    task = LeaseTask("worker", "worker:stores", name, Terms.of(interval_s))
    return Lease(
        task,
        cast("Any", MemoryLease(database, task) if database else None),
        cast("Any", MemoryLease(keys, task) if keys else None),
        clock,
    )
