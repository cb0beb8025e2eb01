"""The hourly tasks on the tables of history."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import anyio
import structlog

from schema.history import Record
from schema.timestamps import utc_now
from service.errors import SourceError
from service.history.ledger import Ledger
from service.history.spill import Spill

BATCH = 500  # records per transaction
UPKEEP_S = 3600.0
FOREIGN = "what Valkey held is not a valid record"

log = structlog.get_logger()


class Upkeep:
    """Once an hour, takes over what Valkey holds, counts hours, and removes old rows.

    Args:
        ledger: The history in PostgreSQL.
        spill: Where other processes left records, None for nowhere.
        kept: How long single beats are kept.
        add: Adds records to PostgreSQL.
        lose: Counts records that are lost, with the reason.
    """

    def __init__(
        self,
        ledger: Ledger,
        spill: Spill | None,
        kept: timedelta,
        add: Callable[[Sequence[Record]], Awaitable[None]],
        lose: Callable[[int, str], None],
    ) -> None:
        self._ledger = ledger
        self._spill = spill
        self._kept = kept
        self._add = add
        self._lose = lose
        self._due = anyio.current_time()

    async def run(self) -> None:
        """Do what is due, each task independent of the others; a failed one waits an hour."""
        if anyio.current_time() < self._due:
            return
        self._due = anyio.current_time() + UPKEEP_S
        now = utc_now()
        steps: dict[str, Callable[[], Awaitable[None]]] = {
            "pick_up": self._pick_up,
            "count": lambda: self._ledger.count(now),
            "prune": lambda: self._ledger.prune(now, self._kept),
        }
        for name, step in steps.items():
            try:
                await step()
            except SourceError as error:
                reason = {"error": error.word, "detail": error.detail}
                log.warning("history_upkeep_failed", step=name, **reason)
            except Exception:  # a defect in one step must not stop the others, hour after hour
                log.exception("history_defect", step=name)

    async def _pick_up(self) -> None:
        """Store what another process, or an earlier one, left in Valkey.

        An entry is removed only once its record is in PostgreSQL; a duplicate is harmless.
        """
        if self._spill is None:
            return
        self._lose(await self._spill.drop_oversized(), FOREIGN)
        while entries := await self._spill.first(BATCH):
            records = [entry.record for entry in entries if entry.record is not None]
            if records:
                await self._add(records)
            await self._spill.remove(entries)
            self._lose(len(entries) - len(records), FOREIGN)
            log.info("history_picked_up", records=len(records))
