"""The loop of alerting: look, decide, and store the events, while the process runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import anyio
import structlog

from schema.alerts import EventKind
from schema.findings import Finding
from schema.heartbeat import Standing
from service.alerts.deciding import Decided, Event, Look, decide, event
from service.alerts.deliveries import Delivery, fan_out
from service.alerts.lease import Lease, Memory, Stores
from service.alerts.ledger import LostLeaseError, News, Record
from service.alerts.looks import Looks, Seen
from service.alerts.mutes import Mute, active, is_muted
from service.alerts.outbox import STORE_S, Outbox, tried
from service.alerts.policy import Policy
from service.alerts.state import Alert, State, alert_key, merged
from service.alerts.targets import Target
from service.errors import SourceError

UPKEEP_S = 3600.0
RECENT = timedelta(days=7)
RECENT_MOST = 100
YIELD_LOOKS = 2.0  # calm looks, after which the decider has seen everything

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Situated:
    """The context of decisions.

    Attributes:
        name: `HEARTBEAT_NAME`, the key of stored data.
        deployment: The deployment's name in alerts.
        policy: When alerts open and end.
        targets: The targets.
        default_repeat_s: The reminder period of targets without their own.
        page_url: The page's address, None if unknown.
    """

    name: str
    deployment: str
    policy: Policy
    targets: Sequence[Target]
    default_repeat_s: float
    page_url: str | None = None


class Desk:
    """One process's loop of alerting.

    Args:
        situated: The context.
        look: Returns the current findings.
        stores: Where alerts are kept.
        holder: This process's id.
        now: The wall clock.
        clock: Monotonic seconds.

    Attributes:
        looked: When the last look succeeded, in monotonic seconds; None before the first.
        findings: Its findings; empty if another process looks.
        defective: Whether the last look failed by our own defect.
        records: The state of deliveries by target, from PostgreSQL.
        recent: The newest events.
        memory: The state in memory.
        outbox: The deliveries to send.
        lease: The claim to decide.
    """

    def __init__(
        self,
        situated: Situated,
        look: Callable[[], Awaitable[Sequence[Finding]]],
        stores: Stores,
        *,
        holder: str,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self.situated = situated
        self.looked: float | None = None
        self.findings: Sequence[Finding] = ()
        self.defective = False
        self.records: dict[str, Record] = {}
        self.recent: list[News] = []
        self.memory = Memory()
        self.outbox = Outbox(stores.ledger, stores.spill, clock)
        self.lease = Lease(holder, stores, self.memory, situated.policy.calm_s, clock)
        self.now = now
        self._looks = Looks(look, now, clock)
        self._ledger = stores.ledger
        self._spill = stores.spill
        self._clock = clock
        self._told_alone: dict[UUID, Alert] = {}
        self._stands_by_since = 0.0
        self._decided_at: float | None = None
        self._saved_at = 0.0
        self._upkeep_due = 0.0

    @property
    def mutes(self) -> list[Mute]:
        """The active mutes."""
        return active(self.memory.mutes, self.now())

    async def run(self, told: Callable[[], None]) -> None:
        """Look repeatedly, until cancelled; a defect ends only one look.

        Args:
            told: Called after each look, because there may be something to send.
        """
        while True:
            try:
                wait_s = await self.tick()
                self.defective = False
            except Exception:  # must not end the API; it stops the ping instead
                log.exception("alerts_defect")
                self.defective = True
                wait_s = self.situated.policy.calm_s
            told()
            await anyio.sleep(wait_s)

    async def tick(self) -> float:
        """Look once, decide, and store the events; return the seconds until the next look."""
        policy = self.situated.policy
        standing, seen = await self._looks.beside(self.lease)
        self.outbox.may_send = standing in (Standing.VALKEY, Standing.ALONE)
        self.outbox.with_database = self.lease.database_there
        if standing is Standing.STANDBY:
            await self.outbox.hold(self._deliveries(self._orphans()))
        await self._catch_up(standing)
        if standing is Standing.STANDBY:
            self._decided_at, self.findings = None, ()
            self.looked = self._clock()
            return policy.calm_s
        self.memory.state = merged(
            self.memory.state, State(alerts=tuple(self._told_alone.values()))
        )
        decided = self._decide(seen or await self._looks.look())
        await self._keep(decided, standing)
        self.looked = self._clock()
        return policy.tense_s if decided.tense else policy.calm_s

    async def _catch_up(self, standing: Standing) -> None:
        """Load pending deliveries, and update PostgreSQL."""
        if standing is not Standing.STANDBY or not self.outbox.with_database:
            await self.outbox.pick_up()
        if not self.outbox.with_database:
            return
        try:
            with anyio.fail_after(STORE_S):
                await self.outbox.reconcile()
        except (SourceError, TimeoutError):
            self.lease.lost_database()
        await self._learn()

    async def _learn(self) -> None:
        """Load deliveries from PostgreSQL; remove old ones once an hour."""
        ledger = self._ledger
        if ledger is None:
            return
        try:
            with anyio.fail_after(STORE_S):  # together: a hung store delays only once
                self.outbox.know(await ledger.waiting())
                self.records = await ledger.records()
                self.recent = await ledger.recent(self.now() - RECENT, RECENT_MOST)
        except (SourceError, TimeoutError):
            return
        if self._clock() >= self._upkeep_due:
            self._upkeep_due = self._clock() + UPKEEP_S
            await tried(ledger.prune, None)

    def _decide(self, seen: Seen) -> Decided:
        self.findings, mutes = seen.findings, self.mutes
        elapsed_s = 0.0 if self._decided_at is None else seen.clock_s - self._decided_at
        self._decided_at = seen.clock_s
        look = Look(
            at=seen.at,
            elapsed_s=elapsed_s,
            took_s=self._clock() - seen.clock_s,
            findings=self.findings,
            is_muted=lambda sources: is_muted(mutes, sources),
        )
        where = self.situated
        return decide(self.memory.state, look, where.policy, where.name)

    async def _keep(self, decided: Decided, standing: Standing) -> None:
        """Write state and events; without a store they stay in memory, and are sent from there."""
        deliveries = self._deliveries(decided.events)
        if not (deliveries or self._is_worth_saving(decided.state)):
            self.memory.state = decided.state
            return
        seq = self.memory.seq + 1
        if standing is Standing.DATABASE:
            try:
                await self._save(seq, decided.state, deliveries)
            except LostLeaseError:
                self._decided_at = None  # the holder decides by its own looks
                return
            except (SourceError, TimeoutError):
                self.lease.lost_database()
                self.outbox.with_database, self.outbox.may_send = False, True
        self.memory.seq, self.memory.state, self._saved_at = seq, decided.state, self._clock()
        if self.outbox.with_database:
            self.outbox.expect(deliveries)
        else:
            await self.outbox.hold(deliveries)
        if self.lease.standing is Standing.DATABASE:
            self._told_alone = {}
        else:
            self._told_alone = {alert.id: alert for alert in decided.state.alerts if alert.told}
        if self._spill is not None:
            spill = self._spill
            await tried(lambda: spill.save(seq, decided.state), None)
        for each in decided.events:
            self._say(each)

    async def _save(self, seq: int, state: State, deliveries: Sequence[Delivery]) -> None:
        assert self._ledger is not None  # noqa: S101 - so stands who holds its lease
        with anyio.fail_after(STORE_S):
            await self._ledger.save(
                self.lease.holder, self.memory.saved_seq, seq, state, deliveries
            )
        self.memory.saved_seq = seq

    def _orphans(self) -> list[Event]:
        """End alerts that this process sent without any store, and that the decider does not know.

        An alert waits while the decider has another one with the same key: receivers have folded
        the two, and would end both.
        """
        if self._decided_at is not None:
            self._stands_by_since = self._clock()
        if self._clock() - self._stands_by_since < YIELD_LOOKS * self.situated.policy.calm_s:
            return []  # it may not yet have written what it decided without the stores
        state, name = self.memory.state, self.situated.name
        known = {alert.id for alert in state.alerts} | set(state.closed)
        left = [alert for key, alert in self._told_alone.items() if key not in known]
        keys = {alert_key(name, alert) for alert in state.alerts if alert.told}
        ended = [alert for alert in left if alert_key(name, alert) not in keys]
        self._told_alone = {alert.id: alert for alert in left if alert not in ended}
        look = Look(at=self.now(), elapsed_s=0.0, findings=())
        return [event(EventKind.RESOLVED, _ended(each, look.at), look, name) for each in ended]

    def _is_worth_saving(self, state: State) -> bool:
        """Tell whether another process would decide differently without it; durations can wait."""
        if self.memory.seq > self.memory.saved_seq and self.outbox.with_database:
            return True  # decided without PostgreSQL, and not yet stored there
        if _shape(state) != _shape(self.memory.state):
            return True
        is_old = self._clock() - self._saved_at >= self.situated.policy.calm_s
        return is_old and state != self.memory.state

    def _deliveries(self, events: Sequence[Event]) -> list[Delivery]:
        where = self.situated
        page = where.page_url
        runbook = f"{page}/docs/runbook#" if page else ""
        addressed = [
            Event(
                said=each.said.model_copy(
                    update={
                        "deployment": where.deployment,
                        "page_url": page,
                        "runbook_url": f"{runbook}{each.said.runbook}" if runbook else None,
                    }
                ),
                repeat_s=each.repeat_s,
            )
            for each in events
        ]
        return fan_out(addressed, where.targets, where.default_repeat_s, self.now())

    def _say(self, told: Event) -> None:
        said = told.said
        log.info(
            "alert", kind=said.kind, code=said.code, sources=said.sources, alert=str(said.alert_id)
        )


def _ended(alert: Alert, at: datetime) -> Alert:
    return alert.model_copy(update={"ended": alert.ended or at})


def _shape(state: State) -> object:
    """Return a state without its durations."""
    spans = {"quiet_s": 0.0, "since_told_s": {}}
    return sorted(state.pending), [alert.model_copy(update=spans) for alert in state.alerts]
