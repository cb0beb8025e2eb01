"""Decide which alerts open, repeat and end from one look to the next: pure functions of time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid5

from schema.alerts import AlertEvent, EventKind
from schema.findings import Finding, Severity
from service.alerts.policy import HELD_SHARE, LOOKS_LEAST, Policy
from service.alerts.state import (
    CLOSED_MOST,
    NAMESPACE,
    Alert,
    Pending,
    State,
    alert_id,
    alert_key,
)
from service.alerts.topics import RANK, Topic, graver, hidden, topics

TOGETHER_SHARE = (
    0.5  # of the time to open: topics that held this long open together with one that held it all
)


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
        said: The event's content.
        repeat_s: The reminder period that it belongs to; None if it is no reminder.
    """

    said: AlertEvent
    repeat_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """The decisions after a look.

    Attributes:
        state: The new state.
        events: Events to deliver, in this order.
        tense: Whether to look again soon.
    """

    state: State
    events: tuple[Event, ...]
    tense: bool


def decide(state: State, look: Look, policy: Policy, name: str) -> Decided:
    """Decide on events.

    Args:
        state: The previous state.
        look: The look.
        policy: When alerts open and end.
        name: The deployment's name.
    """
    step_s = min(max(look.elapsed_s, 0.0), policy.step_max_s)
    seen = topics(look.findings, policy.interval_s)
    alerts = [_aged(alert, seen, look, step_s, policy) for alert in state.alerts]
    covered = {key for alert in alerts if not alert.over for key in alert.topics}
    fresh = {key: topic for key, topic in seen.items() if key not in covered}
    pending = _weighed(state.pending, fresh, step_s)
    runs, opened = state.runs, []
    for group in _due(pending, fresh, look, policy):
        runs += 1
        opened.append(_opened(group, pending, look, name, runs))
        pending = {key: each for key, each in pending.items() if key not in opened[-1].topics}
    told = [_tell(alert, look, policy, name, step_s) for alert in [*alerts, *opened]]
    left = [alert for alert, _ in told if alert is not None]
    closed = {alert.id for alert in state.alerts} - {alert.id for alert in left}
    return Decided(
        state=State(
            pending=pending,
            alerts=tuple(left),
            runs=runs,
            closed=(*state.closed, *sorted(closed))[-CLOSED_MOST:],
        ),
        events=tuple(event for _, events in told for event in events),
        tense=bool(seen or pending or opened or any(not alert.over for alert in alerts)),
    )


def _aged(alert: Alert, seen: dict[str, Topic], look: Look, step_s: float, policy: Policy) -> Alert:
    """Update an alert with this look."""
    found = [seen[key] for key in alert.topics if key in seen]
    present = [topic for topic in found if _counts(topic, policy)]
    if present:
        worst = max([alert.severity, *(t.severity for t in present)], key=RANK.__getitem__)
        again = {"ended": None, "quiet_s": 0.0, "over": False}
        return alert.model_copy(update={**again, "severity": worst, **_words(present)})
    if alert.over or hidden(alert.code, alert.sources, look.findings):
        return alert
    if alert.ended is None:
        return alert.model_copy(update={"ended": look.at})
    quiet_s = alert.quiet_s + step_s
    return alert.model_copy(update={"quiet_s": quiet_s, "over": quiet_s >= policy.resolve_s})


def _weighed(
    pending: dict[str, Pending], fresh: dict[str, Topic], step_s: float
) -> dict[str, Pending]:
    """Count the looks that saw each topic, and drop topics that too few of them saw."""
    weighed = {
        key: _hit(pending[key], topic, step_s) for key, topic in fresh.items() if key in pending
    }
    for key, each in pending.items():
        looks = each.looks + 1
        if key not in fresh and each.hits >= HELD_SHARE * looks:
            weighed[key] = each.model_copy(update={"looks": looks})
    return weighed


def _hit(pending: Pending, topic: Topic, step_s: float) -> Pending:
    is_error = topic.severity is Severity.ERROR
    if is_error and not pending.graver:  # from here on it counts as an error
        return pending.model_copy(update={"graver": True, "held_s": 0.0, "looks": 1, "hits": 1})
    counted = {"held_s": pending.held_s + step_s, "looks": pending.looks + 1}
    return pending.model_copy(update={**counted, "hits": pending.hits + 1, "graver": is_error})


def _due(
    pending: dict[str, Pending], fresh: dict[str, Topic], look: Look, policy: Policy
) -> list[list[Topic]]:
    """Group the topics that open now: those with the same code and severity alert once.

    Topics that are seen for the first time are added to `pending`.
    """
    for key, topic in fresh.items():
        if key not in pending:
            pending[key] = Pending(first=look.at, graver=topic.severity is Severity.ERROR)
    shares = {key: _share(pending[key], topic, look, policy) for key, topic in fresh.items()}
    groups: dict[tuple[str, str], list[Topic]] = {}
    for key, topic in fresh.items():
        if shares[key] >= TOGETHER_SHARE:
            groups.setdefault((topic.code, topic.severity), []).append(topic)
    return [group for group in groups.values() if any(shares[topic.key] >= 1.0 for topic in group)]


def _share(pending: Pending, topic: Topic, look: Look, policy: Policy) -> float:
    """Return how much of the time to open a topic has held; 0 while too few looks saw it."""
    if pending.hits < LOOKS_LEAST or not _counts(topic, policy):
        return 0.0
    if topic.severity is not Severity.ERROR:
        return pending.held_s / policy.degraded_s if policy.degraded_s else 1.0
    before_s = (pending.first - topic.since).total_seconds() if topic.since else 0.0
    credit_s = min(max(before_s, 0.0), policy.credit_max_s)
    return (pending.held_s + look.took_s + credit_s) / policy.open_s


def _counts(topic: Topic, policy: Policy) -> bool:
    """Tell whether its severity is high enough to alert."""
    return topic.severity is Severity.ERROR or policy.degraded_s is not None


def _opened(
    group: list[Topic], pending: dict[str, Pending], look: Look, name: str, run: int
) -> Alert:
    keys = tuple(sorted(topic.key for topic in group))
    began = min(topic.since or pending[topic.key].first for topic in group)
    return Alert(
        id=alert_id(name, keys, run),
        code=group[0].code,
        sources=tuple(dict.fromkeys(source for topic in group for source in topic.sources)),
        topics=keys,
        severity=group[0].severity,
        began=min(began, look.at),
        opened=look.at,
        **_words(group),
    )


def _words(group: Sequence[Topic]) -> dict[str, str | None]:
    titles = dict.fromkeys(topic.title for topic in group)
    remedies = dict.fromkeys(topic.remedy for topic in group if topic.remedy)
    return {
        "title": "; ".join(titles),
        "remedy": " ".join(remedies) or None,
        "runbook": group[0].runbook,
    }


def _tell(
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
    rang = look.at if any(e.said.kind is EventKind.REMINDED for e in events) else alert.rang
    return alert.model_copy(update={"since_told_s": waited, "rang": rang}), events


REFRESH = "refresh"


def _timers(policy: Policy) -> dict[str, float]:
    return {REFRESH: 0.0, **{_timer(every_s): 0.0 for every_s in policy.reminders_s}}


def _timer(every_s: float) -> str:
    return f"{every_s:g}"


def event(
    kind: EventKind, alert: Alert, look: Look, name: str, repeat_s: float | None = None
) -> Event:
    """Create an event of an alert."""
    said = AlertEvent(
        id=uuid5(NAMESPACE, "|".join([str(alert.id), kind, _which(kind, alert, look, repeat_s)])),
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
    return Event(said=said, repeat_s=repeat_s)


def _which(kind: EventKind, alert: Alert, look: Look, repeat_s: float | None) -> str:
    """Return what distinguishes an event from others of its kind in one alert.

    Each alert opens once and ends once, whichever instance decides; each severity is reached
    once; reminders differ by their time.
    """
    if kind in (EventKind.REMINDED, EventKind.REFRESHED):
        return f"{repeat_s}|{look.at.isoformat()}"
    return alert.severity
