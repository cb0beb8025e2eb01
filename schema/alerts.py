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
