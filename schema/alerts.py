"""What an alert says: to receivers, in the outbox, and to whoever asks the API."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schema.findings import FindingCode, Severity
from schema.response import Response
from schema.timestamps import Timestamp


class EventKind(StrEnum):
    """Why a receiver is told."""

    OPENED = "opened"
    ESCALATED = "escalated"
    """It was told before, and has become graver."""
    REMINDED = "reminded"
    REFRESHED = "refreshed"
    """For receivers that forget an alert unless it is sent again; nobody is notified."""
    RESOLVED = "resolved"
    TEST = "test"


class DeliveryError(StrEnum):
    """Why a receiver did not take an event; the only form in which that is shown."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    REFUSED = "refused"
    """It does not know who we are, or does not let us in (401, 403), or is gone for good (410)."""
    REJECTED = "rejected"
    """It does not accept what was sent (any other 4xx, a redirect)."""
    THROTTLED = "throttled"
    """Too much was sent (429, 503 with Retry-After)."""
    FAILED = "failed"
    """It has a fault of its own (5xx), or says no without a reason."""
    EXPIRED = "expired"
    """It did not take it within a day."""


class AlertEvent(Response):
    """One thing that happened to one alert; the body of a webhook."""

    id: UUID
    """The same however often it is sent: receivers can tell a repetition by it."""
    kind: EventKind
    alert_id: UUID
    """One run of the alert, from `opened` to `resolved`."""
    alert_key: str = Field(max_length=255)
    """What the alert is about. A later run has the same key, and so has each API instance's."""
    at: Timestamp
    deployment: str
    severity: Severity
    """The gravest that this run has reached."""
    code: FindingCode
    sources: list[str]
    title: str
    remedy: str | None
    runbook: str
    """The anchor in docs/runbook.md."""
    began: Timestamp
    """Since when it is wrong, as far as is known."""
    ended: Timestamp | None
    """Since when it is well again; null while it is not."""
    page_url: str | None = None
    runbook_url: str | None = None


class AlertTarget(Response):
    """One receiver, and what became of what was for it; never its address or key."""

    kind: str
    name: str
    severity: Severity
    """The least that it is told of."""
    waiting: int
    """How many events are still to be sent to it."""
    waiting_since: Timestamp | None
    dead: int
    """How many were given up within a day."""
    errors: list[str]
    """Why attempts failed, of those that wait or were given up."""
    last_delivery: Timestamp | None


class OpenAlert(Response):
    """An alert that is not over."""

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
    """When receivers were last told of it; null if they were not."""
    muted: bool
    ended: Timestamp | None
    """Since when it is well again; it is over when that has lasted."""


class AlertMute(Response):
    """A time in which nothing is told."""

    id: UUID
    sources: list[str]
    """Empty for all."""
    reason: str
    began: Timestamp
    until: Timestamp


class AlertNews(Response):
    """An event of the last days."""

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
    """When a receiver last took it; null if none has."""


class Alerts(Response):
    """Whom this deployment tells, what they were told, and what they will be."""

    enabled: bool
    """Whether anybody is told anything."""
    decides: bool
    """Whether this instance decides; of several one does."""
    working: bool
    """Whether the last look at what is wrong succeeded, and lately."""
    page_url: str | None
    targets: list[AlertTarget]
    open: list[OpenAlert]
    mutes: list[AlertMute]
    recent: list[AlertNews]
    """The newest first."""
