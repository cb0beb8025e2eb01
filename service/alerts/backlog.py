"""Read the deliveries in PostgreSQL after each look."""

from collections.abc import Callable
from datetime import datetime, timedelta

import anyio

from schema.alerts import RecentAlertEvent
from service.alerts.deliveries import DeliverySummary
from service.alerts.ledger import Ledger
from service.alerts.outbox import STORE_S, Outbox, try_store
from service.errors import SourceError

UPKEEP_S = 3600.0
RECENT = timedelta(days=7)
RECENT_MOST = 100


class Backlog:
    """PostgreSQL's deliveries, as this process last read them.

    Args:
        outbox: Gets those that wait.
        ledger: PostgreSQL, None if there is none.
        now: The wall clock.
        clock: Monotonic seconds.

    Attributes:
        summaries: The state of deliveries by target.
        recent: The newest events.
    """

    def __init__(
        self,
        outbox: Outbox,
        ledger: Ledger | None,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self.summaries: dict[str, DeliverySummary] = {}
        self.recent: list[RecentAlertEvent] = []
        self._outbox = outbox
        self._ledger = ledger
        self._now = now
        self._clock = clock
        self._upkeep_due = 0.0

    async def catch_up(self, *, decides: bool) -> bool:
        """Load pending deliveries, and update PostgreSQL.

        Args:
            decides: Whether this process decides; then it also needs what only Valkey has.

        Returns:
            False if PostgreSQL does not accept the deliveries that it lacks.
        """
        if decides or not self._outbox.with_database:
            await self._outbox.load_spilled()
        if not self._outbox.with_database:
            return True
        accepted = True
        try:
            with anyio.fail_after(STORE_S):
                await self._outbox.reconcile()
        except (SourceError, TimeoutError):
            accepted = False
        await self._load()
        return accepted

    async def _load(self) -> None:
        """Load deliveries from PostgreSQL; remove old ones once an hour."""
        ledger = self._ledger
        if ledger is None:
            return
        try:
            with anyio.fail_after(STORE_S):  # together: a hung store delays only once
                self._outbox.replace_known(await ledger.waiting())
                self.summaries = await ledger.summaries()
                self.recent = await ledger.recent(self._now() - RECENT, RECENT_MOST)
        except (SourceError, TimeoutError):
            return
        if self._clock() >= self._upkeep_due:
            self._upkeep_due = self._clock() + UPKEEP_S
            await try_store(ledger.prune, None)
