"""The commands of alerts: run them alone, list, test and resend them, mute and unmute."""

import argparse
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import anyio
from anyio import Event

from schema.alerts import AlertEvent, EventKind
from schema.findings import Finding, FindingCode, Severity
from schema.timestamps import utc_now
from service import logs
from service.alerts.alerting import alerting, make_senders
from service.alerts.context import AlertContext, alert_context
from service.alerts.deliveries import Delivery, settle
from service.alerts.lease import Stores
from service.alerts.ledger import Ledger
from service.alerts.mutes import REASON_MAX, Mute, active
from service.alerts.spill import Spill
from service.alerts.state import State
from service.alerts.stores import Connections
from service.alerts.targets import SPAN, UNIT_S
from service.alerts.words import TEST_TITLE, span
from service.errors import SourceError
from service.settings import Settings
from service.signals import stop_on_signals
from service.verdict.diagnosis import diagnose
from service.verdict.watch import watching

FAILED, USAGE_ERROR = 1, 2
STORE_S = 10.0
MUTE_MOST = timedelta(days=7)

T = TypeVar("T")


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
    steps: dict[str, Callable[[], Awaitable[int]]] = {
        "run": lambda: _run(settings),
        "list": lambda: _with_stores(settings, _list),
        "test": lambda: _with_stores(settings, lambda stores: _test(settings, stores)),
        "resend": lambda: _with_stores(settings, _resend),
        "mute": lambda: _with_stores(settings, lambda stores: _mute(settings, stores, parsed)),
        "unmute": lambda: _with_stores(settings, lambda stores: _unmute(stores, parsed)),
    }
    if command in {"run", "test"} and not settings.alerts.on:
        return _refuse("alerts are off: set ALERT_TARGETS or ALERT_PING_URL")
    return anyio.run(steps[command])


async def _run(settings: Settings) -> int:
    """Decide and deliver, until a signal ends it."""
    senders = make_senders(settings.alerts.targets())
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
    ledger, spill = stores.ledger, stores.spill
    state = await _answer(ledger.peek) if ledger else None
    if state is None and spill is not None:
        state = await _answer(spill.peek)
    if state is None:
        return _refuse("neither PostgreSQL nor Valkey can be read now")
    print("\n".join(_lines(state, active(await _mutes(stores), utc_now()))))
    if ledger is not None and (summaries := await _answer(ledger.summaries)) is not None:
        waiting = sum(summary.waiting for summary in summaries.values())
        dead = sum(summary.dead for summary in summaries.values())
        print(f"waiting to be sent: {waiting}; given up within a day: {dead}")
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
        return _refuse("there is no target: set ALERT_TARGETS")
    event, ended = _test_event(alert_context(settings, targets)), []
    for target, sender in zip(targets, make_senders(targets), strict=True):
        sent = await anyio.to_thread.run_sync(sender.send, event)
        print(f"{target.name}: {sent.error or 'ok'}")
        delivery = Delivery(event=event, target=target.id, created=event.at, attempts=1)
        settled = settle(delivery, sent, utc_now()).delivery
        ended.append(settled if not settled.waits else replace(settled, dead=utc_now()))
    ledger = stores.ledger
    if ledger is not None:
        await _answer(lambda: ledger.merge(ended))
    return FAILED if any(delivery.dead for delivery in ended) else 0


def _test_event(where: AlertContext) -> AlertEvent:
    now = datetime.now(UTC)
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
    count = await _answer(ledger.resend) if ledger else None
    if count is None:
        return _refuse("PostgreSQL cannot be written now")
    print(f"deliveries that are retried: {count}")
    return 0


async def _mute(settings: Settings, stores: Stores, parsed: argparse.Namespace) -> int:
    found = SPAN.fullmatch(parsed.span)
    lasts = timedelta(seconds=float(found[1]) * UNIT_S[found[2]] if found and found[1] else 0)
    if not timedelta(0) < lasts <= MUTE_MOST:
        return _refuse(f"--for {parsed.span}: give a time such as 30m, 2h or 1d, at most 7d")
    there = [source.name for source in settings.sources]
    for name in parsed.source:
        if name not in there:
            return _refuse(f"--source {name}: there is only {', '.join(there)}")
    now = utc_now()
    mute = Mute(
        id=uuid4(),
        sources=tuple(parsed.source),
        reason=parsed.reason[:REASON_MAX],
        began=now,
        until=now + lasts,
    )
    if not await _write_mutes(stores, [mute]):
        return FAILED
    print(f"muted for {span(lasts)}, until {mute.until:%Y-%m-%d %H:%M:%S} UTC")
    return 0


async def _unmute(stores: Stores, parsed: argparse.Namespace) -> int:
    now = utc_now()
    held = active(await _mutes(stores), now)
    wanted = [m for m in held if not parsed.source or set(m.sources) & set(parsed.source)]
    if wanted and not await _write_mutes(stores, [replace(mute, until=now) for mute in wanted]):
        return FAILED
    print(f"{len(wanted)} ended" if wanted else "nothing was muted")
    return 0


async def _mutes(stores: Stores) -> list[Mute]:
    found: list[Mute] = []
    for store in _each(stores):
        found += await _answer(store.mutes) or []
    return found


def _each(stores: Stores) -> list[Ledger | Spill]:
    both: tuple[Ledger | Spill | None, ...] = (stores.ledger, stores.spill)
    return [store for store in both if store is not None]


async def _write_mutes(stores: Stores, mutes: Sequence[Mute]) -> bool:
    """Write mutes to each store that accepts them: the other may be down when they are read."""
    accepted = 0
    for mute in mutes:
        for store in _each(stores):
            accepted += await _succeeds(store, mute)
    if not accepted:
        _refuse("neither PostgreSQL nor Valkey can be written now: nothing has changed")
    return accepted > 0


async def _succeeds(store: Ledger | Spill, mute: Mute) -> bool:
    try:
        with anyio.fail_after(STORE_S):
            await store.mute(mute)
    except (SourceError, TimeoutError):
        return False
    return True


async def _answer(step: Callable[[], Awaitable[T]]) -> T | None:
    """Return a store's answer, None if it does not answer in time."""
    try:
        with anyio.fail_after(STORE_S):
            return await step()
    except (SourceError, TimeoutError):
        return None


def _refuse(what: str) -> int:
    print(f"heartbeat: {what}", file=sys.stderr)
    return FAILED if "cannot" in what else USAGE_ERROR
