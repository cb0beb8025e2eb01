"""The events of an alert: what receivers are sent, and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid5

from schema.alerts import AlertEvent, EventKind
from schema.findings import Finding
from service.alerts.policy import Policy
from service.alerts.state import NAMESPACE, Alert, alert_key
from service.alerts.topics import graver

REFRESH = "refresh"


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """The result of one look.

    Attributes:
        at: The wall clock.
        elapsed_s: Seconds since the previous look, by a monotonic clock; 0 for a process's first.
        took_s: How long the look took; its findings were valid that long.
        findings: The findings.
        is_muted: Tells whether alerts about these sources are muted.
    """

    at: datetime
    elapsed_s: float
    findings: Sequence[Finding]
    took_s: float = 0.0
    is_muted: Callable[[Sequence[str]], bool] = field(default=lambda _: False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event to deliver.

    Attributes:
        content: The event's content.
        repeat_s: The reminder period that it belongs to; None if it is not a reminder.
    """

    content: AlertEvent
    repeat_s: float | None = None


def notify(
    alert: Alert, look: Look, policy: Policy, name: str, step_s: float
) -> tuple[Alert | None, list[Event]]:
    """Return the events that bring receivers up to date about an alert.

    While it is muted there are none; afterwards they get what they have missed.
    """
    muted = look.is_muted(alert.sources)
    waited = {every: waited_s + step_s for every, waited_s in alert.since_told_s.items()}
    alert = alert.model_copy(update={"muted": muted, "since_told_s": waited})
    if alert.over and alert.told is None:
        return None, []
    if alert.over:
        return (alert, []) if muted else (None, [event(EventKind.RESOLVED, alert, look, name)])
    if not muted and (alert.told is None or graver(alert.severity, alert.told)):
        kind = EventKind.OPENED if alert.told is None else EventKind.ESCALATED
        rung = alert.model_copy(
            update={"told": alert.severity, "rang": look.at, "since_told_s": _timers(policy)}
        )
        return rung, [event(kind, alert, look, name)]
    return _repeated(alert, look, policy, name)


def _repeated(alert: Alert, look: Look, policy: Policy, name: str) -> tuple[Alert, list[Event]]:
    if alert.told is None:
        return alert, []
    events, waited = [], {**_timers(policy), **alert.since_told_s}
    if policy.refresh_s is not None and waited[REFRESH] >= policy.refresh_s:
        waited[REFRESH] = 0.0
        events.append(event(EventKind.REFRESHED, alert, look, name))
    for every_s in policy.reminders_s:
        may_ring = alert.ended is None and not alert.muted
        if may_ring and waited[_timer(every_s)] >= every_s:
            waited[_timer(every_s)] = 0.0
            events.append(event(EventKind.REMINDED, alert, look, name, every_s))
    rang = look.at if any(e.content.kind is EventKind.REMINDED for e in events) else alert.rang
    return alert.model_copy(update={"since_told_s": waited, "rang": rang}), events


def _timers(policy: Policy) -> dict[str, float]:
    return {REFRESH: 0.0, **{_timer(every_s): 0.0 for every_s in policy.reminders_s}}


def _timer(every_s: float) -> str:
    return f"{every_s:g}"


def event(
    kind: EventKind, alert: Alert, look: Look, name: str, repeat_s: float | None = None
) -> Event:
    """Create an event of an alert."""
    content = AlertEvent(
        id=uuid5(
            NAMESPACE, "|".join([str(alert.id), kind, _distinction(kind, alert, look, repeat_s)])
        ),
        kind=kind,
        alert_id=alert.id,
        alert_key=alert_key(name, alert),
        at=look.at,
        deployment=name,
        severity=alert.severity,
        code=alert.code,
        sources=list(alert.sources),
        title=alert.title,
        remedy=alert.remedy,
        runbook=alert.runbook,
        began=alert.began,
        ended=alert.ended if kind is EventKind.RESOLVED else None,
    )
    return Event(content=content, repeat_s=repeat_s)


def _distinction(kind: EventKind, alert: Alert, look: Look, repeat_s: float | None) -> str:
    """Return what distinguishes an event from others of its kind in one alert.

    Each alert opens once and ends once, whichever instance decides; each severity is reached
    once; reminders differ by their time.
    """
    if kind in (EventKind.REMINDED, EventKind.REFRESHED):
        return f"{repeat_s}|{look.at.isoformat()}"
    return alert.severity
