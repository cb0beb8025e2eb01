"""One stamp, its author, and the worker's report that travels with it."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schema.errors import Cause, ErrorWord
from schema.freshness import DEFAULT_INTERVAL_S
from schema.timestamps import Timestamp

IDENTITY = "iam"
"""The slug of the AWS identity, which has a place of its own in documents."""

Result = Literal["ok"] | ErrorWord
"""How one write ended."""


class Breaker(StrEnum):
    """State of a source's circuit breaker."""

    CLOSED = "closed"
    """Writes go through, with retries."""
    OPEN = "open"
    """Three or more cycles failed: one probe a cycle, no retries."""
    HALF_OPEN = "half_open"
    """The probe of this cycle is under way."""


class Refusal(StrEnum):
    """The likely cause for which IAM Roles Anywhere refuses a session."""

    UNTRUSTED_CA = "untrusted_ca"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CLOCK_SKEW = "clock_skew"
    WRONG_KEY = "wrong_key"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    OTHER = "other"


class _Document(BaseModel):
    """Stored by one version and read by another, so unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Counted(_Document):
    """What the worker has counted of one source since it started."""

    writes: dict[str, int] = {}
    """Writes by how they ended: `ok`, or an error word."""
    attempts: int = 0
    """Attempts of these writes, retries included."""
    durations: tuple[int, ...] = ()
    """How many last attempts took how long, by `schema.history.LATENCY_BOUNDS_MS`, up to the last
    bucket that is not empty."""
    duration_seconds: float = 0.0
    """The sum of these durations."""


class ProcessReport(_Document):
    """What the worker's process uses."""

    resident_bytes: int = 0
    cpu_seconds: float = 0.0
    """User and system time since it started."""
    lateness_seconds: float = 0.0
    """How much later than due the last cycle began."""


class SourceReport(_Document):
    """What the worker knows of one source at the end of its last cycle."""

    last_result: Result | None = None
    """None before the first cycle ends."""
    cause: Cause | None = None
    """What is behind the last result, where that is known."""
    warning: ErrorWord | None = None
    """The stamp landed, but a part of the write did not (the secret's value)."""
    attempts: int = 0
    latency_ms: float | None = None
    consecutive_failures: int = 0
    failing_since: Timestamp | None = None
    last_success: Timestamp | None = None
    breaker: Breaker = Breaker.CLOSED
    counted: Counted = Counted()


class IamReport(SourceReport):
    """What the worker knows of its AWS identity."""

    refusal: Refusal | None = None
    credentials_created: Timestamp | None = None
    credentials_expiry: Timestamp | None = None
    certificate_expiry: Timestamp | None = None


class WorkerReport(_Document):
    """What the worker knows, so that the API can explain what it sees."""

    id: str
    version: str
    started_at: Timestamp
    interval_seconds: float = Field(gt=0)
    next_due: Timestamp
    cycles: int = 0
    sources: dict[str, SourceReport] = {}
    iam: IamReport | None = None
    aws_calls: int = 0
    aws_throttles: int = 0
    aws_calls_by_operation: dict[str, int] = {}
    """As AWS spells them, such as `UpdateSecret`; `CreateSession` included."""
    aws_throttles_by_operation: dict[str, int] = {}
    process: ProcessReport = ProcessReport()
    value_writes_24h: int = 0
    value_interval_seconds: float | None = None
    history_waiting: int = 0
    history_dropped: int = 0

    @property
    def every_source(self) -> dict[str, SourceReport]:
        """What is known of each source by slug, the AWS identity included."""
        return self.sources | ({IDENTITY: self.iam} if self.iam else {})

    @property
    def brief(self) -> "WorkerReport":
        """The report without what is only counted, for where there is little room."""
        none = {"counted": Counted()}
        return self.model_copy(
            update={
                "sources": {name: r.model_copy(update=none) for name, r in self.sources.items()},
                "iam": self.iam.model_copy(update=none) if self.iam else None,
                "aws_calls_by_operation": {},
                "aws_throttles_by_operation": {},
                "process": ProcessReport(),
            }
        )


class Heartbeat(_Document):
    """One stamp, made once in a cycle and given to every source."""

    name: str
    """The author: `HEARTBEAT_NAME`."""
    timestamp: Timestamp
    interval_seconds: float = Field(default=DEFAULT_INTERVAL_S, gt=0)
    report: WorkerReport | None = None
