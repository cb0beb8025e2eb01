"""Alerting in one process: its parts, its tasks, and its state for others."""

import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio

from schema.findings import FindingCode, Severity
from schema.heartbeat import Standing
from schema.timestamps import utc_now
from service.alerts.context import alert_context
from service.alerts.deliverer import Deliverer
from service.alerts.deliveries import DeliverySummary
from service.alerts.evaluation import ReadFindings
from service.alerts.lease import Stores
from service.alerts.loop import AlertLoop
from service.alerts.ping import Ping
from service.alerts.senders import Sender
from service.alerts.stores import Connections
from service.alerts.targets import Target
from service.settings import Settings
from service.undelivered import Undelivered

LATE = timedelta(minutes=10)  # how long a delivery may wait before that is a finding
LOOKS_LATE = 4.0  # after this many calm periods without a look, deciding does not work
LATE_LEAST_S = 15.0  # hung stores delay a look by some seconds, one after the other


class Alerting:
    """Alerting in one process.

    Attributes:
        loop: Decides.
        deliverers: Deliver, one for each target.
        ping: The dead man's switch, None if it is not configured.
    """

    def __init__(
        self, loop: AlertLoop, deliverers: Sequence[Deliverer], ping_url: str | None
    ) -> None:
        self.loop = loop
        self.deliverers = deliverers
        self.ping = Ping(ping_url, self.why_silent) if ping_url else None
        self._began = time.monotonic()

    def wake(self) -> None:
        """Wake every deliverer, because there may be something to send."""
        for deliverer in self.deliverers:
            deliverer.wake()

    @property
    def decides(self) -> bool:
        """Whether this process decides; one of several does."""
        return self.loop.looked is not None and self.loop.lease.standing is not Standing.STANDBY

    @property
    def working(self) -> bool:
        """Whether the last look succeeded, recently."""
        since = self._began if self.loop.looked is None else self.loop.looked
        late_s = max(LATE_LEAST_S, LOOKS_LATE * self.loop.context.policy.calm_s)
        return not self.loop.defective and time.monotonic() - since <= late_s

    def summary(self, target: Target) -> DeliverySummary:
        """Return the state of a target's deliveries, as far as this process knows."""
        if self.loop.outbox.with_database:
            return self.loop.backlog.summaries.get(target.id, DeliverySummary())
        return self.loop.outbox.summary(target.id)

    def undelivered(self) -> list[Undelivered]:
        """List the targets that alerts do not reach."""
        late = self.loop.now() - LATE
        found = [] if self.working else [Undelivered(None, "defect")]
        for deliverer in self.deliverers:
            summary = self.summary(deliverer.target)
            if summary.dead or (summary.oldest is not None and summary.oldest < late):
                word = summary.errors[0] if summary.errors else "waiting"
                found.append(Undelivered(deliverer.target.name, word))
        return found

    def why_silent(self) -> str | None:
        """Return why alerts are not reliable now; None if they work.

        An outage of a store does not count, because its alert is sent. A silent worker counts, and
        so do alerts that reach nobody, because these are faults of Heartbeat itself.
        """
        if not self.working:
            return "deciding does not work"
        if not self.decides:
            return "it has just begun" if self.loop.looked is None else "another instance decides"
        silent = FindingCode.WORKER_SILENT
        if any(f.code is silent and f.severity is Severity.ERROR for f in self.loop.findings):
            return "the worker is silent"
        return "alerts are not delivered" if self.undelivered() else None


@asynccontextmanager
async def alerting(
    settings: Settings, senders: Sequence[Sender], look: ReadFindings
) -> AsyncIterator[Alerting]:
    """Run alerting in the background until the block ends.

    Args:
        settings: Targets, policy and stores.
        senders: One for each target.
        look: Returns the current findings.
    """
    connections = Connections(settings)
    found = build(settings, senders, look, connections.stores)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_run, found, connections)
            yield found
            tasks.cancel_scope.cancel()
        await found.loop.lease.release()
    finally:
        with anyio.CancelScope(shield=True):  # each takes bounded time
            await connections.close()


async def _run(found: Alerting, connections: Connections) -> None:
    await connections.ready()  # the time of imports must not count as time between looks
    async with anyio.create_task_group() as tasks:
        for deliverer in found.deliverers:
            tasks.start_soon(deliverer.run)
        tasks.start_soon(found.loop.run, found.wake)
        if found.ping is not None:
            tasks.start_soon(found.ping.run)


def build(
    settings: Settings, senders: Sequence[Sender], look: ReadFindings, stores: Stores
) -> Alerting:
    """Create all parts, without running them."""
    alerts, targets = settings.alerts, settings.alerts.targets()
    loop = AlertLoop(
        alert_context(settings, targets),
        look,
        stores,
        holder=str(uuid.uuid4()),
        now=utc_now,
        clock=time.monotonic,
    )
    deliverers = [
        Deliverer(target, sender, loop.outbox, utc_now)
        for target, sender in zip(targets, senders, strict=True)
    ]
    ping = alerts.ping_url.get_secret_value() if alerts.ping_url else None
    return Alerting(loop, deliverers, ping)
