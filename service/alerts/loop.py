"""The loop of alerting: look, decide, and store the events, while the process runs."""

from collections.abc import Callable, Sequence
from datetime import datetime

import anyio
import structlog

from schema.findings import Finding
from schema.heartbeat import Standing
from service.alerts.backlog import Backlog
from service.alerts.context import AlertContext
from service.alerts.deciding import Decision, decide
from service.alerts.deliveries import Delivery, fan_out
from service.alerts.evaluation import Evaluation, Evaluator, ReadFindings
from service.alerts.events import Look
from service.alerts.lease import Lease, Memory, Stores
from service.alerts.ledger import LostLeaseError
from service.alerts.mutes import Mute, active, is_muted
from service.alerts.outbox import STORE_S, Outbox, try_store
from service.alerts.sent_alone import SentAlone
from service.alerts.state import Alert, State, merged, without_durations
from service.errors import SourceError

YIELD_LOOKS = 2.0  # calm looks, after which the decider has seen everything

log = structlog.get_logger()


class AlertLoop:
    """One process's loop of alerting.

    Args:
        context: The context.
        look: Returns the current findings.
        stores: Where alerts are kept.
        holder: This process's id.
        now: The wall clock.
        clock: Monotonic seconds.

    Attributes:
        looked: When the last look succeeded, in monotonic seconds; None before the first.
        findings: Its findings; empty if another process looks.
        defective: Whether the last look failed by our own defect.
        memory: The state in memory.
        outbox: The deliveries to send.
        backlog: What PostgreSQL has of them.
        lease: The claim to decide.
    """

    def __init__(
        self,
        context: AlertContext,
        look: ReadFindings,
        stores: Stores,
        *,
        holder: str,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self.context = context
        self.looked: float | None = None
        self.findings: Sequence[Finding] = ()
        self.defective = False
        self.memory = Memory()
        self.outbox = Outbox(stores.ledger, stores.spill, clock)
        self.backlog = Backlog(self.outbox, stores.ledger, now, clock)
        self.lease = Lease(holder, stores, self.memory, context.policy.calm_s, clock)
        self.now = now
        self._evaluator = Evaluator(look, now, clock)
        self._ledger = stores.ledger
        self._spill = stores.spill
        self._clock = clock
        self._sent_alone = SentAlone(context.name, YIELD_LOOKS * context.policy.calm_s, clock)
        self._decided_at: float | None = None
        self._adopted: list[Alert] = []
        self._saved_at = 0.0

    @property
    def mutes(self) -> list[Mute]:
        """The active mutes."""
        return active(self.memory.mutes, self.now())

    async def run(self, wake: Callable[[], None]) -> None:
        """Look repeatedly, until cancelled; a defect ends only one look.

        Args:
            wake: Called after each look, because there may be something to send.
        """
        while True:
            try:
                wait_s = await self.tick()
                self.defective = False
            except Exception:  # must not end the API; it stops the ping instead
                log.exception("alerts_defect")
                self.defective = True
                wait_s = self.context.policy.calm_s
            wake()
            await anyio.sleep(wait_s)

    async def tick(self) -> float:
        """Look once, decide, and store the events; return the seconds until the next look."""
        policy = self.context.policy
        standing, evaluation = await self._evaluator.evaluate_with(self.lease)
        self.outbox.may_send = standing in (Standing.VALKEY, Standing.ALONE)
        self.outbox.with_database = self.lease.database_there
        if standing is Standing.STANDBY:
            if self._decided_at is not None:
                self._sent_alone.start_waiting()
            await self._hand_over()
            ended = self._sent_alone.resolve(self.memory.state, self.now())
            await self.outbox.hold(fan_out(ended, self.context, self.now()))
        if not await self.backlog.catch_up(decides=standing is not Standing.STANDBY):
            self.lease.lost_database()
        if standing is Standing.STANDBY:
            self._decided_at, self.findings = None, ()
            self.looked = self._clock()
            return policy.calm_s
        await self._adopt()
        self.memory.state = merged(self.memory.state, self._sent_alone.state())
        decision = self._decide(evaluation or await self._evaluator.evaluate())
        await self._keep(decision, standing)
        self.looked = self._clock()
        return policy.tense_s if decision.tense else policy.calm_s

    async def _hand_over(self) -> None:
        """Leave to the decider what only this process knows, in case it is killed.

        Unless the decider sees the error too, it ends the alert at its second look.
        """
        quiet = {"quiet_s": self.context.policy.resolve_s}
        unknown = self._sent_alone.unknown_to(self.memory.state)
        if await self.outbox.leave([alert.model_copy(update=quiet) for alert in unknown]):
            self._sent_alone.note_left(unknown)

    async def _adopt(self) -> None:
        """Take over what standbys left."""
        self._adopted = await try_store(self._spill.left, [])
        self.memory.state = merged(self.memory.state, State(alerts=tuple(self._adopted)))

    def _decide(self, evaluation: Evaluation) -> Decision:
        self.findings, mutes = evaluation.findings, self.mutes
        elapsed_s = 0.0 if self._decided_at is None else evaluation.clock_s - self._decided_at
        self._decided_at = evaluation.clock_s
        look = Look(
            at=evaluation.at,
            elapsed_s=elapsed_s,
            took_s=self._clock() - evaluation.clock_s,
            findings=self.findings,
            is_muted=lambda sources: is_muted(mutes, sources),
        )
        where = self.context
        return decide(self.memory.state, look, where.policy, where.name)

    async def _keep(self, decision: Decision, standing: Standing) -> None:
        """Write state and events; without a store they stay in memory, and are sent from there."""
        deliveries = fan_out(decision.events, self.context, self.now())
        if not (deliveries or self._is_worth_saving(decision.state)):
            self.memory.state = decision.state
            return
        seq = self.memory.seq + 1
        if standing is Standing.DATABASE:
            try:
                await self._save(seq, decision.state, deliveries)
            except LostLeaseError:
                self._decided_at = None  # the holder decides by its own looks
                return
            except (SourceError, TimeoutError):
                self.lease.lost_database()
                self.outbox.with_database, self.outbox.may_send = False, True
        self.memory.seq, self.memory.state, self._saved_at = seq, decision.state, self._clock()
        if self.outbox.with_database:
            self.outbox.add(deliveries)
        else:
            await self.outbox.hold(deliveries)
        is_stored = self.lease.standing is Standing.DATABASE
        self._sent_alone.replace(() if is_stored else decision.state.alerts)
        adopted, self._adopted = self._adopted, []

        async def save() -> None:
            await self._spill.save(seq, decision.state)
            if adopted:
                await self._spill.adopt(adopted)

        await try_store(save, None)
        for each in decision.events:
            event = each.content
            about = {"kind": event.kind, "code": event.code, "sources": event.sources}
            log.info("alert", **about, alert=str(event.alert_id))

    async def _save(self, seq: int, state: State, deliveries: Sequence[Delivery]) -> None:
        assert self._ledger is not None  # noqa: S101 - its lease is held
        with anyio.fail_after(STORE_S):
            await self._ledger.save(
                self.lease.holder, self.memory.saved_seq, seq, state, deliveries
            )
        self.memory.saved_seq = seq

    def _is_worth_saving(self, state: State) -> bool:
        """Tell whether another process would decide differently without it; durations can wait."""
        if self._adopted:
            return True  # only then may Valkey forget them
        if self.memory.seq > self.memory.saved_seq and self.outbox.with_database:
            return True  # decided without PostgreSQL, and not yet stored there
        if without_durations(state) != without_durations(self.memory.state):
            return True
        is_old = self._clock() - self._saved_at >= self.context.policy.calm_s
        return is_old and state != self.memory.state
