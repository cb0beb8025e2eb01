"""Decide which alerts open, repeat and end from one look to the next: pure functions of time."""

from dataclasses import dataclass

from service.alerts.events import Event, Look, notify
from service.alerts.opening import can_alert, count_looks, groups_to_open, open_alert, texts
from service.alerts.policy import Policy
from service.alerts.state import CLOSED_MOST, Alert, State
from service.alerts.topics import RANK, Topic, hidden, topics


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The decisions after a look.

    Attributes:
        state: The new state.
        events: Events to deliver, in this order.
        tense: Whether to look again soon.
    """

    state: State
    events: tuple[Event, ...]
    tense: bool


def decide(state: State, look: Look, policy: Policy, name: str) -> Decision:
    """Decide on events.

    Args:
        state: The previous state.
        look: The look.
        policy: When alerts open and end.
        name: The deployment's name.
    """
    step_s = min(max(look.elapsed_s, 0.0), policy.step_max_s)
    seen = topics(look.findings, policy.interval_s)
    joined = _join(state, seen, look, policy)
    alerts = [_updated(alert, seen, look, step_s, policy) for alert in joined]
    covered = {key for alert in alerts if not alert.over for key in alert.topics}
    fresh = {key: topic for key, topic in seen.items() if key not in covered}
    pending = count_looks(state.pending, fresh, step_s)
    runs, opened = state.runs, []
    for group in groups_to_open(pending, fresh, look, policy):
        runs += 1
        opened.append(open_alert(group, pending, look, name, runs))
        pending = {key: each for key, each in pending.items() if key not in opened[-1].topics}
    notified = [notify(alert, look, policy, name, step_s) for alert in [*alerts, *opened]]
    left = [alert for alert, _ in notified if alert is not None]
    closed = {alert.id for alert in state.alerts} - {alert.id for alert in left}
    return Decision(
        state=State(
            pending=pending,
            alerts=tuple(left),
            runs=runs,
            closed=(*state.closed, *sorted(closed))[-CLOSED_MOST:],
        ),
        events=tuple(event for _, events in notified for event in events),
        tense=bool(seen or pending or opened or any(not alert.over for alert in alerts)),
    )


def _join(state: State, seen: dict[str, Topic], look: Look, policy: Policy) -> list[Alert]:
    """Add to each alert that has just opened what shares its cause and is in no alert yet.

    AWS that hangs is noticed by a store and by the identity, each when it is read: one alert. What
    is noticed later is news, and so is what nobody has muted if the alert is muted. The alert's
    sources stay, because its key at the receivers follows from them.
    """
    covered = {key for alert in state.alerts if not alert.over for key in alert.topics}
    found = []
    for alert in state.alerts:
        more: set[str] = set()
        if not alert.over and alert.open_for_s <= policy.join_s:
            related = {other for key in alert.topics if key in seen for other in seen[key].related}
            more = {key for key in related - covered if _may_join(alert, seen[key], look)}
        covered |= more
        topics = tuple(sorted({*alert.topics, *more}))
        found.append(alert.model_copy(update={"topics": topics}) if more else alert)
    return found


def _may_join(alert: Alert, topic: Topic, look: Look) -> bool:
    """Return False if only the alert is muted: the topic would be silenced too."""
    return not look.is_muted(alert.sources) or look.is_muted(topic.sources)


def _updated(
    alert: Alert, seen: dict[str, Topic], look: Look, step_s: float, policy: Policy
) -> Alert:
    """Update an alert with this look."""
    changes: dict[str, object] = {"open_for_s": alert.open_for_s + step_s}
    found = [seen[key] for key in alert.topics if key in seen]
    present = [topic for topic in found if can_alert(topic, policy)]
    if present:
        worst = max([alert.severity, *(t.severity for t in present)], key=RANK.__getitem__)
        changes |= {"ended": None, "quiet_s": 0.0, "over": False}
        changes |= {"severity": worst, **texts(present)}
    elif alert.over or hidden(alert.code, alert.sources, look.findings):
        pass
    elif alert.ended is None:
        changes["ended"] = look.at
    else:
        quiet_s = alert.quiet_s + step_s
        changes |= {"quiet_s": quiet_s, "over": quiet_s >= policy.resolve_s}
    return alert.model_copy(update=changes)
