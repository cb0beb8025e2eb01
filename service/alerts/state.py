"""What is remembered from one look to the next, whichever instance looks; stored as JSON.

Spans are added up from look to look by a monotonic clock. Moments are only shown, so a clock that
steps neither opens, ends nor repeats an alert.
"""

from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict

from schema.findings import FindingCode, Severity
from schema.timestamps import Timestamp

NAMESPACE = uuid5(NAMESPACE_URL, "https://heartbeat.invalid/alerts")


class Remembered(BaseModel):
    """A part of the state; what a newer version adds is ignored by an older one."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Pending(Remembered):
    """A topic that has not held long enough."""

    first: Timestamp
    held_s: float = 0.0
    looks: int = 1
    hits: int = 1
    graver: bool = False
    """Whether all looks that saw it saw an error."""


class Alert(Remembered):
    """An alert that has opened and is not over, or whose end nobody was told yet."""

    id: UUID
    code: FindingCode
    sources: tuple[str, ...]
    topics: tuple[str, ...]
    """Their keys; it is over when none of them is seen."""
    severity: Severity
    title: str
    remedy: str | None
    runbook: str
    began: Timestamp
    opened: Timestamp
    ended: Timestamp | None = None
    """The first look that did not see it, None while it is seen."""
    quiet_s: float = 0.0
    """For how long it has not been seen."""
    over: bool = False
    told: Severity | None = None
    """At which severity receivers were told; None if they were not."""
    rang: Timestamp | None = None
    """When they were last told."""
    muted: bool = False
    since_told_s: dict[str, float] = {}
    """By the distance of reminders in seconds: how long ago that was last told."""


class State(Remembered):
    """Everything that is remembered."""

    pending: dict[str, Pending] = {}
    alerts: tuple[Alert, ...] = ()
    runs: int = 0
    """How many alerts have opened so far."""
    closed: tuple[UUID, ...] = ()
    """The last runs that are over: a state that does not know it cannot bring them back."""


CLOSED_MOST = 100


def merged(newer: State, older: State) -> State:
    """One state of two that instances went on with separately: no run is lost or comes back."""
    closed = tuple(dict.fromkeys([*older.closed, *newer.closed]))[-CLOSED_MOST:]
    known = {alert.id for alert in newer.alerts}
    others = [alert for alert in older.alerts if alert.id not in known and alert.told]
    return State(
        pending=newer.pending,
        alerts=tuple(a for a in [*newer.alerts, *others] if a.id not in closed),
        runs=max(newer.runs, older.runs),
        closed=closed,
    )


def alert_id(name: str, topics: tuple[str, ...], run: int) -> UUID:
    """Name a run; every instance that goes on from the same state gives the same name."""
    return uuid5(NAMESPACE, f"{name}|{run}|{'|'.join(topics)}")


def alert_key(name: str, alert: Alert) -> str:
    """Name what an alert is about, whichever run it is."""
    readable = ":".join(["heartbeat", name, alert.code, *alert.sources])
    return readable if len(readable) <= KEY_MAX else f"heartbeat:{uuid5(NAMESPACE, readable)}"


KEY_MAX = 200  # every receiver takes as much (PagerDuty 255, Splunk On-Call 512)
