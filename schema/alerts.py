"""Alerts, as sent to receivers, kept in the outbox, and returned by the API."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schema.findings import FindingCode, Severity
from schema.response import Response
from schema.timestamps import Timestamp

LIVES = timedelta(hours=24)
"""The time in which a receiver must accept an event, by PostgreSQL's clock."""


class EventKind(StrEnum):
    """Why a receiver gets an event."""

    OPENED = "opened"
    ESCALATED = "escalated"
    """An open alert has become more severe."""
    REMINDED = "reminded"
    REFRESHED = "refreshed"
    """Repeated for receivers that forget alerts; it notifies nobody."""
    RESOLVED = "resolved"
    TEST = "test"


class DeliveryError(StrEnum):
    """Why a delivery failed; the only form in which a failure is shown."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    REFUSED = "refused"
    """The receiver refused the login (401, 403), or no longer exists (410)."""
    REJECTED = "rejected"
    """The receiver rejected the request (any other 4xx, a redirect)."""
    THROTTLED = "throttled"
    """The receiver asked to slow down (429, 503 with Retry-After)."""
    FAILED = "failed"
    """The receiver failed (5xx), or refused without a reason."""
    EXPIRED = "expired"
    """The receiver did not accept it within a day."""


class AlertEvent(Response):
    """One event of one alert; the body of a webhook."""

    id: UUID
    """The same for each repetition, so that receivers can recognise repetitions."""
    kind: EventKind
    alert_id: UUID
    """Identifies the alert from `opened` to `resolved`."""
    alert_key: str = Field(max_length=255)
    """The subject of the alert; the same in a later alert, and in every API instance."""
    at: Timestamp
    deployment: str
    severity: Severity
    """The highest severity that this alert has reached."""
    code: FindingCode
    sources: list[str]
    title: str
    remedy: str | None
    runbook: str
    """The anchor in docs/runbook.md."""
    began: Timestamp
    """When the problem began, as far as is known."""
    ended: Timestamp | None
    """When the problem ended; null while it lasts."""
    page_url: str | None = None
    runbook_url: str | None = None


class AlertTarget(Response):
    """One receiver and the state of its deliveries; never its address or key."""

    kind: str
    name: str
    severity: Severity
    """The lowest severity that is sent to it."""
    waiting: int
    """The number of events that wait to be sent to it."""
    waiting_since: Timestamp | None
    dead: int
    """The number of events that were given up in the last day."""
    errors: list[str]
    """Why attempts failed, for those that wait or were given up."""
    last_delivery: Timestamp | None


class OpenAlert(Response):
    """An alert that is not resolved."""

    id: UUID
    code: FindingCode
    severity: Severity
    sources: list[str]
    title: str
    remedy: str | None
    runbook: str
    began: Timestamp
    opened: Timestamp
    rang: Timestamp | None
    """When receivers last got an event of it; null if they did not."""
    muted: bool
    ended: Timestamp | None
    """When the problem was last gone; the alert resolves if it stays so."""


class AlertMute(Response):
    """A time in which nothing is sent."""

    id: UUID
    sources: list[str]
    """Empty for all sources."""
    reason: str
    began: Timestamp
    until: Timestamp


class RecentAlertEvent(Response):
    """A recent event."""

    kind: EventKind
    alert_id: UUID
    at: Timestamp
    severity: Severity
    code: FindingCode
    sources: list[str]
    title: str
    began: Timestamp
    ended: Timestamp | None
    delivered: Timestamp | None
    """When a receiver last accepted it; null if none has."""


class Alerts(Response):
    """The targets of this deployment, open alerts, and recent events."""

    enabled: bool
    """Whether there is any target."""
    decides: bool
    """Whether this instance decides; one of several does."""
    working: bool
    """Whether deciding works: it succeeded recently."""
    page_url: str | None
    targets: list[AlertTarget]
    open: list[OpenAlert]
    mutes: list[AlertMute]
    recent: list[RecentAlertEvent]
    """Newest first."""
