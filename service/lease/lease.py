"""One process's view of a lease: updated in the background, answered from memory."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import structlog

from schema.heartbeat import Standing, WorkerReport
from service.errors import SourceError, SupersededError
from service.lease.database import DatabaseLease
from service.lease.keys import ValkeyLease
from service.lease.standing import Answer, LeaseView
from service.lease.task import LeaseTask
from service.lease.terms import RETRY_S

ANSWER_S = 2.0  # seconds that a store may take

T = TypeVar("T")
log = structlog.get_logger()


class Lease:
    """One process's claim to a task.

    Nothing waits for it: a slow store changes nothing, and if no store answers, every process
    leads.

    Args:
        task: The task, and this process.
        database: The lease in PostgreSQL, None if there is none.
        keys: The lease in Valkey, for outages of PostgreSQL; None if there is none.
        clock: Monotonic seconds; it must continue while the process is paused.
    """

    def __init__(
        self,
        task: LeaseTask,
        database: DatabaseLease | None,
        keys: ValkeyLease | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._task = task
        self._database = database
        self._keys = keys
        self._clock = clock
        self._view = LeaseView()
        self._turn = anyio.Lock(fast_acquire=True)
        self._leading = anyio.Event()
        self._begun: int | None = None  # the token at the start of the cycle
        self._registered_at: float | None = None  # when this process last registered as a standby
        self._retry_s = RETRY_S

    @property
    def holder(self) -> str:
        """This process's id."""
        return self._task.holder

    @property
    def leads(self) -> bool:
        """Whether this process leads, by its own knowledge."""
        return self._view.leads

    async def run(self, stop: anyio.Event) -> None:
        """Maintain the lease until `stop` is set."""
        while not stop.is_set():
            await self.renew()
            with anyio.move_on_after(self._pause_s()):
                await stop.wait()

    async def renew(self) -> None:
        """Take or renew the lease, or check whether it is free."""
        async with self._turn:
            asked_at, before = self._clock(), self._view.standing
            database = await self._by_database()
            if database is not None:  # at once: Valkey may hang for longer than a short lease
                self._view.learn(asked_at, database, None)
            valkey = None
            if self._view.asks_valkey(asked_at, database):
                valkey = await self._by_valkey(database)
            self._view.learn(asked_at, database, valkey)
            await self._register_standby(asked_at, database)
            if self._view.standing is not before:
                await self._changed(before)

    async def begin(self, *, first: bool) -> bool:
        """Tell whether this process must write now.

        After a pause longer than a lease it asks the stores first.

        Args:
            first: Whether it has never written: then it does so once, to prove that it can.
        """
        if first:
            return True
        if self._is_old:
            with anyio.move_on_after(self._task.terms.ask_s):
                await self.renew()
        self._begun = self._view.token
        return self.leads

    async def check(self, *, asking: bool) -> None:
        """Check that no other process has taken over since the cycle began.

        A process's first cycle may write what two processes can safely write.

        Args:
            asking: Whether to ask the stores even if the lease is valid by our clock.

        Raises:
            SupersededError: Another process has taken over.
        """
        if asking or self._is_old:
            with anyio.move_on_after(self._task.terms.ask_s):
                await self.renew()
        if self._begun is None and not asking:
            return
        if not self.leads or self._begun not in {None, self._view.token}:
            raise SupersededError

    async def until_leading(self) -> None:
        """Wait until this process leads."""
        while not self.leads:
            await self._leading.wait()

    async def release(self) -> None:
        """Release the lease, so that another process leads immediately."""
        database, keys, leads = self._database, self._keys, self.leads
        async with self._turn, anyio.create_task_group() as tasks:
            if database is not None:
                step = database.release if leads else database.leave
                tasks.start_soon(_answer, step)
            if keys is not None:
                tasks.start_soon(_answer, keys.release)

    def add_to(self, report: WorkerReport) -> WorkerReport:
        """Add standing, token and standbys to the worker's report.

        The standing is None before the first answer: the worker writes, but has no known role.
        """
        known = self._view
        update = {
            "standing": known.standing if known.has_asked else None,
            "lease_token": known.token,
            "standbys": known.standbys,
        }
        return report.model_copy(update=update)

    @property
    def _is_old(self) -> bool:
        return self._view.is_old(self._clock(), self._task.terms.lease_s)

    async def _by_database(self) -> Answer | None:
        database, known = self._database, self._view
        if database is None:
            return None
        if known.standing is Standing.STANDBY:
            answer = await _answer(database.look)
            if answer is None or answer.holder is not None:
                return answer
        return await _answer(lambda: database.claim(known.token))

    async def _by_valkey(self, database: Answer | None) -> Answer | None:
        keys = self._keys
        if keys is None:
            return None
        token = max(self._view.token, database.token if database else 0)
        return await _answer(lambda: keys.claim(token, overrides=database is not None))

    async def _register_standby(self, now: float, database: Answer | None) -> None:
        """Register as a standby, as often as a lease is renewed."""
        if self.leads:
            self._registered_at = None
            return
        if self._registered_at is not None and now - self._registered_at < self._task.terms.renew_s:
            return
        self._registered_at = now
        if self._database is not None and database is not None:
            await _answer(self._database.stand_by)
        elif self._keys is not None:
            await _answer(self._keys.stand_by)

    async def _changed(self, before: Standing) -> None:
        known = self._view
        log.info(
            "worker_standing", standing=str(known.standing), token=known.token, leader=known.holder
        )
        if not known.leads:
            self._leading = anyio.Event()
            return
        self._leading.set()
        if before is Standing.STANDBY and self._database is not None:
            await _answer(self._database.leave)

    def _pause_s(self) -> float:
        terms = self._task.terms
        if not self.leads:
            return terms.poll_s
        if self._view.standing is not Standing.ALONE:
            self._retry_s = RETRY_S
            return terms.renew_s
        pause_s = min(self._retry_s, terms.renew_s)
        self._retry_s = 2 * pause_s
        return pause_s


async def _answer(step: Callable[[], Awaitable[T]]) -> T | None:
    """Return a store's answer; None if it does not answer in time."""
    try:
        with anyio.fail_after(ANSWER_S):
            return await step()
    except (SourceError, TimeoutError) as error:
        log.debug("lease_not_answered", detail=str(error))
    except Exception:  # no error may keep a worker from writing
        log.exception("lease_defect")
    return None
