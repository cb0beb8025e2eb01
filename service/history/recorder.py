"""The worker's side of history: outcomes wait in memory until PostgreSQL has stored them."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice

import anyio
import structlog

from schema.errors import ErrorWord
from schema.heartbeat import WorkerReport
from schema.history import Record
from service.errors import SourceError
from service.history.ledger import Ledger
from service.history.spill import Spill
from service.history.upkeep import BATCH, Upkeep
from service.outcome import Outcome
from service.shutdown import HISTORY_AWAY_S, HISTORY_S, SPILL_S

WAITING_LIMIT = 10_000  # records, about 2 MB; 41 hours of four sources at one cycle a minute
RETRY_FIRST_S = 1.0  # doubles up to the last; a successful stamp ends the wait
RETRY_LAST_S = 30.0

log = structlog.get_logger()


class History:
    """Takes outcomes immediately, and stores them in PostgreSQL when that is available.

    Args:
        ledger: The history in PostgreSQL.
        spill: Where they wait when the process ends, None to drop them.
        kept: How long single beats are kept.
        source: The name of the source that keeps them.

    Attributes:
        dropped: How many records were lost: the oldest when too many waited, those that PostgreSQL
            always refuses, and those that no store took at the end.
    """

    def __init__(self, ledger: Ledger, spill: Spill | None, kept: timedelta, source: str) -> None:
        self.dropped = 0
        self._ledger = ledger
        self._source = source
        self._spill = spill
        self._waiting: deque[Record] = deque()
        self._came = anyio.Event()
        self._landed = anyio.Event()
        self._upkeep = Upkeep(ledger, spill, kept, self._add, self._lose)
        self._turn = anyio.Lock(fast_acquire=True)  # a last flush waits for one in flight
        self._away = False
        self._failing: ErrorWord | None = None

    @property
    def waiting(self) -> int:
        """The number of records that PostgreSQL does not have yet."""
        return len(self._waiting)

    def record(self, slot: datetime, interval_s: float, outcomes: Sequence[Outcome]) -> None:
        """Take the outcomes of one cycle; returns immediately, and never fails."""
        for outcome in outcomes:
            self._waiting.append(_record(slot, interval_s, outcome))
            if outcome.source == self._source:
                self._away = not outcome.ok
        if not self._away:
            self._landed.set()
        self._drop_oldest()
        self._came.set()

    def add_to(self, report: WorkerReport) -> WorkerReport:
        """Add the numbers of waiting and lost records to the worker's report."""
        update = {"history_waiting": self.waiting, "history_dropped": self.dropped}
        return report.model_copy(update=update)

    async def run(self) -> None:
        """Store records in PostgreSQL as they arrive, and maintain the tables, until cancelled."""
        while True:
            await self._came.wait()
            self._came = anyio.Event()
            wait_s = RETRY_FIRST_S
            while not await self._guarded(self._settle):
                with anyio.move_on_after(wait_s):
                    await self._landed.wait()
                wait_s = min(2 * wait_s, RETRY_LAST_S)

    async def finish(self) -> None:
        """Store waiting records in PostgreSQL, else in Valkey, within seconds.

        Records that neither accepts are lost, and the log says how many.
        """
        with anyio.move_on_after(HISTORY_AWAY_S if self._away else HISTORY_S):
            await self._guarded(self._flush)
        if self._spill is None or not self._waiting:
            self._lose(self.waiting, "PostgreSQL is away")
            return
        reason = ErrorWord.TIMEOUT
        with anyio.move_on_after(SPILL_S):
            try:
                await self._spill.add(self._waiting)
            except SourceError as error:
                reason = error.word
            else:
                log.info("history_spilled", records=self.waiting)
                self._waiting.clear()
        self._lose(self.waiting, f"PostgreSQL is away, and Valkey says {reason}")

    async def _guarded(self, step: Callable[[], Awaitable[bool]]) -> bool:
        self._landed = anyio.Event()
        try:
            return await step()
        except Exception:  # a defect in history must not stop the stamps
            log.exception("history_defect")
            return False

    async def _settle(self) -> bool:
        """Store all waiting records, here and in Valkey, and maintain the tables once an hour.

        Returns:
            False if PostgreSQL does not accept the waiting records.
        """
        if not await self._flush():
            return False
        await self._upkeep.run()
        return True

    async def _flush(self) -> bool:
        async with self._turn:
            while batch := list(islice(self._waiting, BATCH)):
                try:
                    await self._add(batch)
                except SourceError as error:
                    self._log_failing(error)
                    return False
                for record in batch:
                    if self._waiting and self._waiting[0] is record:  # not dropped in the meantime
                        self._waiting.popleft()
        if self._failing is not None:
            log.info("history_recovered")
            self._failing = None
        return True

    async def _add(self, records: Sequence[Record]) -> None:
        """Add records; a record that PostgreSQL always refuses does not stop the others.

        Raises:
            SourceError: PostgreSQL accepts none for now; some may already be stored, which is
                harmless.
        """
        try:
            await self._add_all(records)
        except SourceError as error:
            if error.word is not ErrorWord.INVALID_DATA:
                raise
            if len(records) == 1:
                self._lose(1, error.detail)  # it would block the others for ever
                return
            half = len(records) // 2
            await self._add(records[:half])
            await self._add(records[half:])

    async def _add_all(self, records: Sequence[Record]) -> None:
        try:
            refused = await self._ledger.add(records)
        except SourceError as error:
            if error.word is not ErrorWord.NOT_FOUND:
                raise
            await self._ledger.repair()
            refused = await self._ledger.add(records)
        self._lose(refused, "their slots lie in the future: a clock is wrong")

    def _drop_oldest(self) -> None:
        surplus = len(self._waiting) - WAITING_LIMIT
        for _ in range(surplus):
            self._waiting.popleft()
        if surplus > 0:
            self._lose(surplus, "too many are waiting for PostgreSQL")

    def _lose(self, count: int, reason: str) -> None:
        if count:
            self.dropped += count
            log.error("history_lost", records=count, lost_so_far=self.dropped, reason=reason)

    def _log_failing(self, error: SourceError) -> None:
        if error.word is not self._failing:
            self._failing = error.word
            waiting = self.waiting
            log.warning("history_waiting", records=waiting, error=error.word, detail=error.detail)


def _record(slot: datetime, interval_s: float, outcome: Outcome) -> Record:
    return Record(
        source=outcome.source,
        slot=slot,
        interval_seconds=interval_s,
        stamp=outcome.stamp,
        error=None if outcome.result == "ok" else outcome.result,
        attempts=outcome.attempts,
        latency_ms=outcome.latency_ms,
    )
