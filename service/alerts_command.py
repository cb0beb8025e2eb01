"""The commands of alerts: run them alone, list, test and resend them."""

import argparse
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import uuid4

import anyio
from anyio import Event

from schema.alerts import AlertEvent, EventKind
from schema.findings import Finding, FindingCode, Severity
from schema.timestamps import utc_now
from service import logs, mute_command
from service.alerts.alerting import alerting
from service.alerts.context import AlertContext, alert_context
from service.alerts.deliveries import Delivery, settle
from service.alerts.lease import Stores
from service.alerts.mutes import Mute
from service.alerts.outbox import try_store
from service.alerts.senders import make
from service.alerts.state import State
from service.alerts.stores import Connections
from service.alerts.words import TEST_TITLE
from service.command_line import USAGE_ERROR
from service.mute_command import FAILED, STORE_S
from service.output import refuse, show
from service.settings import Settings
from service.signals import stop_on_signals
from service.verdict.diagnosis import diagnose
from service.verdict.watch import watching


def main(settings: Settings, parsed: argparse.Namespace) -> int:
    """Run one of the commands; blocks.

    Args:
        settings: The targets, and the stores of alerts.
        parsed: The command line.

    Returns:
        The exit status.

    Raises:
        TargetError: A target cannot be used.
    """
    command = parsed.action if parsed.command == "alerts" else parsed.command
    if command in {"run", "test"} and not settings.alerts.on:
        return refuse("alerts are off: set ALERT_TARGETS or ALERT_PING_URL", USAGE_ERROR)
    if command == "run":
        return anyio.run(_run, settings)
    steps: dict[str, Callable[[Stores], Awaitable[int]]] = {
        "list": _list,
        "test": lambda stores: _test(settings, stores),
        "resend": _resend,
        "mute": lambda stores: mute_command.mute(settings, stores, parsed),
        "unmute": lambda stores: mute_command.unmute(stores, parsed),
    }
    return anyio.run(_with_stores, settings, steps[command])


async def _run(settings: Settings) -> int:
    """Decide and deliver, until a signal ends it."""
    senders = [make(target) for target in settings.alerts.targets()]
    stop = Event()

    async with anyio.create_task_group() as tasks, watching(settings) as watch:

        async def look() -> Sequence[Finding]:
            return diagnose((await watch.snapshot()).situation()).findings

        await tasks.start(stop_on_signals, stop)
        async with alerting(settings, senders, look):
            await stop.wait()
        tasks.cancel_scope.cancel()
    logs.finish()
    os._exit(0)  # returning would wait for threads that hang


async def _with_stores(settings: Settings, step: Callable[[Stores], Awaitable[int]]) -> int:
    connections = Connections(settings)
    try:
        await connections.ready()
        return await step(connections.stores)
    finally:
        await connections.close()


async def _list(stores: Stores) -> int:
    ledger = stores.ledger
    state = await try_store(ledger.peek, None, STORE_S) if ledger else None
    if state is None:
        state = await try_store(stores.spill.peek, None, STORE_S)
    if state is None:
        return refuse("neither PostgreSQL nor Valkey can be read now", FAILED)
    show("\n".join(_lines(state, await mute_command.active_mutes(stores))))
    summaries = await try_store(ledger.summaries, None, STORE_S) if ledger else None
    if summaries is not None:
        waiting = sum(summary.waiting for summary in summaries.values())
        dead = sum(summary.dead for summary in summaries.values())
        show(f"waiting to be sent: {waiting}; given up within a day: {dead}")
    return 0


def _lines(state: State, mutes: Sequence[Mute]) -> list[str]:
    lines = []
    for alert in state.alerts:
        how = "muted" if alert.muted else "sent" if alert.told else "not sent yet"
        lines.append(f"{alert.severity}  since {alert.began:%Y-%m-%d %H:%M:%S} UTC  {how}")
        lines.append(f"  {alert.title}")
    for mute in mutes:
        what = ", ".join(mute.sources) or "everything"
        why = f" ({mute.reason})" if mute.reason else ""
        lines.append(f"muted until {mute.until:%Y-%m-%d %H:%M:%S} UTC: {what}{why}")
    return lines or ["no alert is open, and nothing is muted"]


async def _test(settings: Settings, stores: Stores) -> int:
    """Send a test to each target, once, and print the results."""
    targets = settings.alerts.targets()
    if not targets:
        return refuse("there is no target: set ALERT_TARGETS", USAGE_ERROR)
    event, ended = _test_event(alert_context(settings, targets)), []
    for target, sender in [(target, make(target)) for target in targets]:
        sent = await anyio.to_thread.run_sync(sender.send, event)
        show(f"{target.name}: {sent.error or 'ok'}")
        delivery = Delivery(event=event, target=target.id, created=event.at, attempts=1)
        settled = settle(delivery, sent, utc_now()).delivery
        ended.append(settled if not settled.waits else replace(settled, dead=utc_now()))
    ledger = stores.ledger
    if ledger is not None:
        await try_store(lambda: ledger.merge(ended), None, STORE_S)
    return FAILED if any(delivery.dead for delivery in ended) else 0


def _test_event(where: AlertContext) -> AlertEvent:
    now = utc_now()
    return AlertEvent(
        id=uuid4(),
        kind=EventKind.TEST,
        alert_id=uuid4(),
        alert_key=f"heartbeat:{where.name}:test",
        at=now,
        deployment=where.deployment,
        severity=Severity.ERROR,
        code=FindingCode.ALERTS_NOT_DELIVERED,
        sources=[],
        title=TEST_TITLE,
        remedy=None,
        runbook=FindingCode.ALERTS_NOT_DELIVERED,
        began=now,
        ended=None,
        page_url=where.page_url,
    )


async def _resend(stores: Stores) -> int:
    ledger = stores.ledger
    count = await try_store(ledger.resend, None, STORE_S) if ledger else None
    if count is None:
        return refuse("PostgreSQL cannot be written now", FAILED)
    show(f"deliveries that are retried: {count}")
    return 0
