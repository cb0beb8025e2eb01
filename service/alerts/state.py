"""The state from one look to the next, shared by all instances and stored as JSON.

Durations are summed from look to look by a monotonic clock. Timestamps are only shown, so that a
clock step neither opens, ends nor repeats an alert.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict

from schema.findings import FindingCode, Severity
from schema.timestamps import Timestamp
from service.alerts.mutes import Mute

NAMESPACE = uuid5(NAMESPACE_URL, "https://heartbeat.invalid/alerts")


class StoredModel(BaseModel):
    """A part of the state; an older version ignores additions of a newer one."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Pending(StoredModel):
    """A topic that has not lasted long enough."""

    first: Timestamp
    held_s: float = 0.0
    looks: int = 1
    hits: int = 1
    graver: bool = False
    """Whether every look that saw it saw an error."""


class Alert(StoredModel):
    """An open alert, or one whose end was not yet reported."""

    id: UUID
    code: FindingCode
    sources: tuple[str, ...]
    topics: tuple[str, ...]
    """The keys of its topics; it ends when none of them is seen."""
    severity: Severity
    title: str
    remedy: str | None
    runbook: str
    began: Timestamp
    opened: Timestamp
    open_for_s: float = 0.0
    """The time since it opened."""
    ended: Timestamp | None = None
    """The first look that did not see it, None while it is seen."""
    quiet_s: float = 0.0
    """The time for which it has not been seen."""
    over: bool = False
    told: Severity | None = None
    """The severity that receivers know; None if they got nothing."""
    rang: Timestamp | None = None
    """When they last got an event."""
    muted: bool = False
    since_told_s: dict[str, float] = {}
    """The seconds since the last event, by reminder period in seconds."""


class State(StoredModel):
    """The whole state."""

    pending: dict[str, Pending] = {}
    alerts: tuple[Alert, ...] = ()
    runs: int = 0
    """The number of alerts opened so far."""
    closed: tuple[UUID, ...] = ()
    """The last alerts that ended, so that an outdated state cannot reopen them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaseState:
    """A store's answer about the lease of deciding.

    Attributes:
        leads: Whether this process holds it.
        seq: The state's number.
        state: The state.
        mutes: The active mutes.
    """

    leads: bool
    seq: int
    state: State
    mutes: Sequence[Mute] = ()


CLOSED_MOST = 100


def merged(newer: State, older: State) -> State:
    """Merge two states that have diverged: no alert is lost or reopened."""
    closed = tuple(dict.fromkeys([*older.closed, *newer.closed]))[-CLOSED_MOST:]
    known = {alert.id for alert in newer.alerts}
    others = [alert for alert in older.alerts if alert.id not in known and alert.told]
    return State(
        pending=newer.pending,
        alerts=tuple(a for a in [*newer.alerts, *others] if a.id not in closed),
        runs=max(newer.runs, older.runs),
        closed=closed,
    )


def without_durations(state: State) -> object:
    """Return the parts of a state whose change must be stored at once, to compare them."""
    spans = {"open_for_s": 0.0, "quiet_s": 0.0, "since_told_s": {}}
    return sorted(state.pending), [alert.model_copy(update=spans) for alert in state.alerts]


def alert_id(name: str, topics: tuple[str, ...], run: int) -> UUID:
    """Return an alert's id; every instance with the same state gives the same id."""
    return uuid5(NAMESPACE, f"{name}|{run}|{'|'.join(topics)}")


def alert_key(name: str, alert: Alert) -> str:
    """Return the key of what an alert is about, the same for later alerts."""
    readable = ":".join(["heartbeat", name, alert.code, *alert.sources])
    return readable if len(readable) <= KEY_MAX else f"heartbeat:{uuid5(NAMESPACE, readable)}"


KEY_MAX = 200  # every receiver accepts this length (PagerDuty 255, Splunk On-Call 512)
