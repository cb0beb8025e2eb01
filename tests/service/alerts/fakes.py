"""PostgreSQL and Valkey for alerts, in memory and simulated time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from schema.alerts import AlertEvent, DeliveryError, RecentAlertEvent
from schema.errors import ErrorWord
from service.alerts.deliveries import Delivery, DeliverySummary, Settlement
from service.alerts.ledger import LostLeaseError
from service.alerts.mutes import Mute
from service.alerts.senders.result import SendResult
from service.alerts.state import Alert, LeaseState, State
from service.errors import SourceError

Clock = Callable[[], float]


class Tables:
    """The tables that all ledgers share."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.away = False
        self.holder, self.until = "", 0.0
        self.seq, self.state = 0, State().model_dump_json()
        self.rows: dict[tuple[UUID, str], Delivery] = {}
        self.due: dict[tuple[UUID, str], float] = {}
        self.held: dict[tuple[UUID, str], float] = {}


class MemoryLedger:
    """`Ledger` on tables in memory, behind a connection that a test can cut."""

    def __init__(self, tables: Tables) -> None:
        self._t = tables
        self.cut = False

    async def claim_lease(self, holder: str, lease_s: float) -> LeaseState:
        self._check()
        t = self._t
        leads = t.holder == holder or t.until <= t.clock()
        if leads:
            t.holder, t.until = holder, t.clock() + lease_s
        return LeaseState(leads=leads, seq=t.seq, state=State.model_validate_json(t.state))

    async def release(self, holder: str) -> None:
        self._check()
        if self._t.holder == holder:
            self._t.until = self._t.clock()

    async def save(
        self, holder: str, known: int, new: int, state: State, deliveries: Sequence[Delivery] = ()
    ) -> None:
        self._check()
        t = self._t
        if t.holder != holder or t.seq != known:
            raise LostLeaseError
        t.seq, t.state = new, state.model_dump_json()
        self._add(deliveries)

    async def merge(self, deliveries: Sequence[Delivery]) -> None:
        self._check()
        self._add(deliveries)

    async def claim(self, target: str, lease_s: float) -> Delivery | None:
        self._check()
        t, seen = self._t, set[UUID]()
        for key, row in t.rows.items():
            if row.target != target or not row.waits or row.event.alert_id in seen:
                continue
            seen.add(row.event.alert_id)
            if t.due[key] <= t.clock() and t.held.get(key, 0.0) <= t.clock():
                t.rows[key] = replace(row, attempts=row.attempts + 1)
                t.held[key] = t.clock() + lease_s
                return t.rows[key]
        return None

    async def settle(self, settled: Settlement) -> None:
        self._check()
        t, key = self._t, settled.delivery.key
        if t.rows[key].delivered is None:
            t.rows[key] = settled.delivery
            t.due[key], t.held[key] = t.clock() + settled.wait_s, 0.0

    async def waiting(self) -> list[Delivery]:
        self._check()
        return [row for row in self._t.rows.values() if row.waits]

    async def summaries(self) -> dict[str, DeliverySummary]:
        self._check()
        return {}

    async def recent(self, since: datetime, most: int) -> list[RecentAlertEvent]:  # noqa: ARG002 - a ledger's
        self._check()
        return []

    async def prune(self) -> None:
        self._check()

    def _add(self, deliveries: Sequence[Delivery]) -> None:
        t = self._t
        for delivery in deliveries:
            old = t.rows.get(delivery.key)
            if old is None:
                t.rows[delivery.key], t.due[delivery.key] = delivery, t.clock()
            else:
                t.rows[delivery.key] = replace(
                    old,
                    delivered=old.delivered or delivery.delivered,
                    dead=old.dead or delivery.dead,
                    attempts=max(old.attempts, delivery.attempts),
                )

    def _check(self) -> None:
        if self.cut or self._t.away:
            raise SourceError(ErrorWord.UNREACHABLE)


class Keyspace:
    """The keys that all spills share."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.away = False
        self.holder, self.until = "", 0.0
        self.seq, self.state = 0, State().model_dump_json()
        self.waiting: dict[tuple[UUID, str], Delivery] = {}
        self.left: dict[UUID, Alert] = {}


class MemorySpill:
    """`Spill` on keys in memory, behind a connection that a test can cut."""

    def __init__(self, keys: Keyspace) -> None:
        self._k = keys
        self.cut = False

    async def claim_lease(self, holder: str, lease_s: float, *, overrides: bool) -> LeaseState:
        self._check()
        k = self._k
        leads = overrides or k.holder == holder or k.until <= k.clock()
        if leads:
            k.holder, k.until = holder, k.clock() + lease_s
        return LeaseState(leads=leads, seq=k.seq, state=State.model_validate_json(k.state))

    async def release(self, holder: str) -> None:
        self._check()
        if self._k.holder == holder:
            self._k.until = self._k.clock()

    async def save(self, seq: int, state: State) -> None:
        self._check()
        self._k.seq, self._k.state = seq, state.model_dump_json()

    async def put(self, deliveries: Sequence[Delivery]) -> None:
        self._check()
        self._k.waiting |= {delivery.key: delivery for delivery in deliveries}

    async def all(self) -> list[Delivery]:
        self._check()
        return sorted(self._k.waiting.values(), key=lambda delivery: delivery.created)

    async def remove(self, deliveries: Sequence[Delivery]) -> None:
        self._check()
        for delivery in deliveries:
            self._k.waiting.pop(delivery.key, None)

    async def leave(self, alerts: Sequence[Alert]) -> None:
        self._check()
        self._k.left |= {alert.id: alert for alert in alerts}

    async def left(self) -> list[Alert]:
        self._check()
        return list(self._k.left.values())

    async def adopt(self, alerts: Sequence[Alert]) -> None:
        self._check()
        for alert in alerts:
            self._k.left.pop(alert.id, None)

    async def mutes(self) -> list[Mute]:
        self._check()
        return []

    def _check(self) -> None:
        if self.cut or self._k.away:
            raise SourceError(ErrorWord.UNREACHABLE)


class MemoryReceiver:
    """A sender whose receiver is a list.

    Attributes:
        taken: The accepted events, in order.
        failing: Whether it accepts nothing.
    """

    def __init__(self) -> None:
        self.taken: list[AlertEvent] = []
        self.failing = False

    def send(self, event: AlertEvent) -> SendResult:
        if self.failing:
            return SendResult(DeliveryError.FAILED)
        self.taken.append(event)
        return SendResult()
