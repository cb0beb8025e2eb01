"""Decide which topics have lasted long enough to open an alert."""

from collections.abc import Sequence

from schema.findings import Severity
from service.alerts.events import Look
from service.alerts.policy import HELD_SHARE, LOOKS_LEAST, Policy
from service.alerts.state import Alert, Pending, alert_id
from service.alerts.topics import Topic

TOGETHER_SHARE = 0.5
"""Of the time to open: topics that held this long open together with one that held it all."""


def count_looks(
    pending: dict[str, Pending], fresh: dict[str, Topic], step_s: float
) -> dict[str, Pending]:
    """Count the looks that saw each topic, and drop topics that too few of them saw."""
    weighed = {
        key: _counted(pending[key], topic, step_s) for key, topic in fresh.items() if key in pending
    }
    for key, each in pending.items():
        looks = each.looks + 1
        if key not in fresh and each.hits >= HELD_SHARE * looks:
            weighed[key] = each.model_copy(update={"looks": looks})
    return weighed


def _counted(pending: Pending, topic: Topic, step_s: float) -> Pending:
    is_error = topic.severity is Severity.ERROR
    if is_error and not pending.graver:  # from here on it counts as an error
        return pending.model_copy(update={"graver": True, "held_s": 0.0, "looks": 1, "hits": 1})
    counted = {"held_s": pending.held_s + step_s, "looks": pending.looks + 1}
    return pending.model_copy(update={**counted, "hits": pending.hits + 1, "graver": is_error})


def groups_to_open(
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
    if pending.hits < LOOKS_LEAST or not can_alert(topic, policy):
        return 0.0
    if topic.severity is not Severity.ERROR:
        return pending.held_s / policy.degraded_s if policy.degraded_s else 1.0
    before_s = (pending.first - topic.since).total_seconds() if topic.since else 0.0
    credit_s = min(max(before_s, 0.0), policy.credit_max_s)
    return (pending.held_s + look.took_s + credit_s) / policy.open_s


def can_alert(topic: Topic, policy: Policy) -> bool:
    """Tell whether its severity is high enough to alert."""
    return topic.severity is Severity.ERROR or policy.degraded_s is not None


def open_alert(
    group: list[Topic], pending: dict[str, Pending], look: Look, name: str, run: int
) -> Alert:
    """Open one alert for a group of topics.

    Args:
        group: The topics, with one code and severity.
        pending: When each was first seen.
        look: The current look.
        name: The deployment's name.
        run: The alert's number.
    """
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
        **texts(group),
    )


def texts(group: Sequence[Topic]) -> dict[str, str | None]:
    """Return an alert's title, remedy and runbook section."""
    titles = dict.fromkeys(topic.title for topic in group)
    remedies = dict.fromkeys(topic.remedy for topic in group if topic.remedy)
    return {
        "title": "; ".join(titles),
        "remedy": " ".join(remedies) or None,
        "runbook": group[0].runbook,
    }
