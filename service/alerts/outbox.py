"""The deliveries to send, whether PostgreSQL has them or not."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

import anyio
import structlog

from service.alerts.deliveries import Delivery, DeliverySummary, Settlement
from service.alerts.ledger import Ledger
from service.alerts.spill import Spill
from service.alerts.state import Alert
from service.errors import SourceError

STORE_S = 2.0  # the longest that a store may take: a slow store must not delay an alert
CLAIM_S = 60.0  # duration of a claim, three times as long as an attempt may take

T = TypeVar("T")
log = structlog.get_logger()


class Outbox:
    """The deliveries of one process: in PostgreSQL, or in memory and Valkey while that is down.

    Args:
        ledger: PostgreSQL, None if there is none.
        spill: Valkey.
        clock: Monotonic seconds.

    Attributes:
        with_database: Whether PostgreSQL accepted the last state.
        may_send: Whether this process sends deliveries that are only in memory: the decider does.
    """

    def __init__(self, ledger: Ledger | None, spill: Spill, clock: Callable[[], float]) -> None:
        self.with_database = False
        self.may_send = False
        self._ledger = ledger
        self._spill = spill
        self._clock = clock
        self._held: dict[tuple[UUID, str], Delivery] = {}
        self._due: dict[tuple[UUID, str], float] = {}
        self._in_flight: set[tuple[UUID, str]] = set()
        self._unmerged: set[tuple[UUID, str]] = set()

    @property
    def waiting(self) -> list[Delivery]:
        """Deliveries that wait, as far as this process knows."""
        return [delivery for delivery in self._held.values() if delivery.waits]

    @property
    def unmerged(self) -> int:
        """The number of deliveries that PostgreSQL does not have yet."""
        return len(self._unmerged)

    def summary(self, target: str) -> DeliverySummary:
        """Return the state of a target's deliveries from memory, while PostgreSQL is down."""
        own = [delivery for delivery in self._held.values() if delivery.target == target]
        waiting = [delivery for delivery in own if delivery.waits]
        dead = [delivery for delivery in own if delivery.dead]
        taken = [delivery.delivered for delivery in own if delivery.delivered]
        return DeliverySummary(
            waiting=len(waiting),
            oldest=min((delivery.created for delivery in waiting), default=None),
            dead=len(dead),
            delivered=max(taken, default=None),
            errors=sorted({each.error for each in (*waiting, *dead) if each.error}),
        )

    async def hold(self, deliveries: Sequence[Delivery]) -> None:
        """Keep deliveries that PostgreSQL did not accept, in memory and in Valkey."""
        for delivery in deliveries:
            self._held.setdefault(delivery.key, delivery)
            self._unmerged.add(delivery.key)
        await self._spill_all(deliveries)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Remember deliveries that PostgreSQL has accepted."""
        for delivery in deliveries:
            self._held.setdefault(delivery.key, delivery)

    def replace_known(self, deliveries: Iterable[Delivery]) -> None:
        """Remember all pending deliveries of PostgreSQL, for an outage."""
        kept = self._unmerged | self._in_flight
        self._held = {key: each for key, each in self._held.items() if key in kept}
        self.add(deliveries)
        self._due = {key: at for key, at in self._due.items() if key in self._held}

    async def load_spilled(self) -> None:
        """Load what another process, or an earlier one, left in Valkey.

        A standby does so too: it may be the next decider, while Valkey is down.
        """
        left: list[Delivery] = await try_store(self._spill.all, [])
        for delivery in left:
            known = self._held.get(delivery.key)
            if known is None or (
                delivery.key not in self._in_flight and _is_further(delivery, known)
            ):
                self._held[delivery.key] = delivery
                self._unmerged.add(delivery.key)
        there = {delivery.key for delivery in left}
        if self.may_send:
            await self._spill_all([self._held[key] for key in self._unmerged - there])

    async def leave(self, alerts: Sequence[Alert]) -> bool:
        """Leave alerts to the decider in Valkey, after the deliveries that go before their end."""
        if not alerts:
            return False
        ids = {alert.id for alert in alerts}
        unmerged = [self._held[key] for key in self._unmerged]

        async def leave() -> bool:
            await self._spill.put([each for each in unmerged if each.event.alert_id in ids])
            await self._spill.leave(alerts)
            return True

        return await try_store(leave, otherwise=False)

    async def reconcile(self) -> None:
        """Add missing deliveries to PostgreSQL; their ids prevent duplicates.

        Raises:
            SourceError: PostgreSQL does not accept them.
        """
        if self._ledger is None or not self._unmerged:
            return
        merged = [self._held[key] for key in self._unmerged]
        merged.sort(key=lambda delivery: delivery.created)
        await self._ledger.merge(merged)
        self._unmerged -= {delivery.key for delivery in merged}
        await try_store(lambda: self._spill.remove(merged), None)
        log.info("alerts_reconciled", deliveries=len(merged))

    async def claim(self, target: str) -> Delivery | None:
        """Claim the next delivery that is due for a target; the attempt is counted now."""
        if not any(each.target == target for each in self.waiting):
            return None
        if self.with_database and self._ledger is not None:
            try:
                with anyio.fail_after(STORE_S):
                    claimed = await self._ledger.claim(target, CLAIM_S)
            except (SourceError, TimeoutError):
                self.with_database = False
            else:
                if claimed is not None:
                    self._in_flight.add(claimed.key)
                    self._held[claimed.key] = claimed
                return claimed
        return await self._claim_held(target) if self.may_send else None

    async def settle(self, settled: Settlement) -> None:
        """Store the result of an attempt."""
        delivery = settled.delivery
        self._in_flight.discard(delivery.key)
        self._held[delivery.key] = delivery
        self._due[delivery.key] = self._clock() + settled.wait_s
        if self.with_database and self._ledger is not None:
            try:
                with anyio.fail_after(STORE_S):
                    await self._ledger.settle(settled)
            except (SourceError, TimeoutError):
                self.with_database = False
            else:
                if not delivery.waits and delivery.key not in self._unmerged:
                    del self._held[delivery.key]
                return
        self._unmerged.add(delivery.key)
        await self._spill_all([delivery])
        if self._ledger is None and not delivery.waits:
            self._unmerged.discard(delivery.key)
            self._held.pop(delivery.key, None)
            await try_store(lambda: self._spill.remove([delivery]), None)

    async def _claim_held(self, target: str) -> Delivery | None:
        seen: set[UUID] = set()
        for key, delivery in self._held.items():
            if delivery.target != target or not delivery.waits or delivery.event.alert_id in seen:
                continue
            seen.add(delivery.event.alert_id)  # the first pending one of each alert
            if key not in self._in_flight and self._due.get(key, 0.0) <= self._clock():
                claimed = replace(delivery, attempts=delivery.attempts + 1)
                self._held[key] = claimed
                self._in_flight.add(key)
                self._unmerged.add(key)
                await self._spill_all([claimed])
                return claimed
        return None

    async def _spill_all(self, deliveries: Sequence[Delivery]) -> None:
        await try_store(lambda: self._spill.put(deliveries), None)


def _is_further(one: Delivery, other: Delivery) -> bool:
    """Tell whether the first is further advanced than the second."""
    return (not one.waits, one.attempts) > (not other.waits, other.attempts)


async def try_store(step: Callable[[], Awaitable[T]], otherwise: T, within_s: float = STORE_S) -> T:
    """Return a store's answer, or a marker if it does not answer in time."""
    try:
        with anyio.fail_after(within_s):
            return await step()
    except (SourceError, TimeoutError):
        return otherwise
