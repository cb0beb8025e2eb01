"""Alerting in one process: its parts, its tasks, and its state for others."""

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio

from schema.findings import Finding, FindingCode, Severity
from schema.heartbeat import Standing
from schema.timestamps import utc_now
from service.alerts.desk import Desk, Situated
from service.alerts.lease import Stores
from service.alerts.ledger import Record
from service.alerts.ping import Ping
from service.alerts.senders import Sender, make
from service.alerts.settings import HOUR_S
from service.alerts.stores import Connections
from service.alerts.targets import Target
from service.alerts.telling import Teller
from service.settings import Settings
from service.undelivered import Undelivered

Looks = Callable[[], Awaitable[Sequence[Finding]]]
"""Returns the current findings."""

LATE = timedelta(minutes=10)  # how long a delivery may wait before that is a finding
LOOKS_LATE = 4.0  # after this many calm periods without a look, deciding does not work
LATE_LEAST_S = 15.0  # hung stores delay a look by some seconds, one after the other


class Alerting:
    """Alerting in one process.

    Attributes:
        desk: Decides.
        tellers: Deliver, one for each target.
        ping: The dead man's switch, None if it is not configured.
    """

    def __init__(self, desk: Desk, tellers: Sequence[Teller], ping_url: str | None) -> None:
        self.desk = desk
        self.tellers = tellers
        self.ping = Ping(ping_url, self.why_silent) if ping_url else None
        self._began = time.monotonic()

    def told(self) -> None:
        """Wake every teller."""
        for teller in self.tellers:
            teller.wake()

    @property
    def decides(self) -> bool:
        """Whether this process decides; one of several does."""
        return self.desk.looked is not None and self.desk.lease.standing is not Standing.STANDBY

    @property
    def working(self) -> bool:
        """Whether the last look succeeded, recently."""
        since = self._began if self.desk.looked is None else self.desk.looked
        late_s = max(LATE_LEAST_S, LOOKS_LATE * self.desk.situated.policy.calm_s)
        return not self.desk.defective and time.monotonic() - since <= late_s

    def record(self, target: Target) -> Record:
        """Return the state of a target's deliveries, as far as this process knows."""
        if self.desk.outbox.with_database:
            return self.desk.records.get(target.id, Record())
        return self.desk.outbox.record(target.id)

    def undelivered(self) -> list[Undelivered]:
        """List the targets that alerts do not reach."""
        late = self.desk.now() - LATE
        found = [] if self.working else [Undelivered(None, "defect")]
        for teller in self.tellers:
            record = self.record(teller.target)
            if record.dead or (record.oldest is not None and record.oldest < late):
                word = record.errors[0] if record.errors else "waiting"
                found.append(Undelivered(teller.target.name, word))
        return found

    def why_silent(self) -> str | None:
        """Return why alerts are not reliable now; None if they work.

        An outage of a store is no reason, because its alert is sent. A silent worker is Heartbeat's
        own fault, and so are alerts that reach nobody.
        """
        if not self.working:
            return "deciding does not work"
        if not self.decides:
            return "it has just begun" if self.desk.looked is None else "another instance decides"
        silent = FindingCode.WORKER_SILENT
        if any(f.code is silent and f.severity is Severity.ERROR for f in self.desk.findings):
            return "the worker is silent"
        return "alerts are not delivered" if self.undelivered() else None


def makers(targets: Sequence[Target]) -> list[Sender]:
    """Create the sender of each target; blocks for imports.

    Raises:
        TargetError: A target cannot be used.
    """
    return [make(target) for target in targets]


@asynccontextmanager
async def alerting(
    settings: Settings, senders: Sequence[Sender], look: Looks
) -> AsyncIterator[Alerting]:
    """Run alerting in the background until the block ends.

    Args:
        settings: Targets, policy and stores.
        senders: One for each target.
        look: Returns the current findings.
    """
    connections = Connections(settings)
    found = put_together(settings, senders, look, connections.stores)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_run, found, connections)
            yield found
            tasks.cancel_scope.cancel()
        await found.desk.lease.release()
    finally:
        with anyio.CancelScope(shield=True):  # each takes bounded time
            await connections.close()


async def _run(found: Alerting, connections: Connections) -> None:
    await connections.ready()  # the time of imports must not count as time between looks
    async with anyio.create_task_group() as tasks:
        for teller in found.tellers:
            tasks.start_soon(teller.run)
        tasks.start_soon(found.desk.run, found.told)
        if found.ping is not None:
            tasks.start_soon(found.ping.run)


def put_together(
    settings: Settings, senders: Sequence[Sender], look: Looks, stores: Stores
) -> Alerting:
    """Create all parts, without running them."""
    alerts, targets = settings.alerts, settings.alerts.targets()
    desk = Desk(
        situated(settings, targets),
        look,
        stores,
        holder=str(uuid.uuid4()),
        now=utc_now,
        clock=time.monotonic,
    )
    tellers = [
        Teller(target, sender, desk.outbox, utc_now)
        for target, sender in zip(targets, senders, strict=True)
    ]
    ping = alerts.ping_url.get_secret_value() if alerts.ping_url else None
    return Alerting(desk, tellers, ping)


def situated(settings: Settings, targets: list[Target]) -> Situated:
    """Return the context of decisions."""
    process, alerts = settings.process, settings.alerts
    return Situated(
        name=process.name,
        deployment=process.title or process.name,
        policy=alerts.policy(process.interval_s, targets),
        targets=targets,
        default_repeat_s=alerts.reminder_hours * HOUR_S,
        page_url=alerts.public_url,
    )
