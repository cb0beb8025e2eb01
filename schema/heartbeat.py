"""One stamp, its author, and the worker's report that travels with it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from schema.errors import Cause, ErrorWord
from schema.freshness import DEFAULT_INTERVAL_S
from schema.timestamps import Moment, Timestamp

IDENTITY = "iam"
"""The slug of the AWS identity, which documents list separately."""

Result = Literal["ok"] | ErrorWord
"""The result of one write."""


class Breaker(StrEnum):
    """State of a source's circuit breaker."""

    CLOSED = "closed"
    """Writes are tried, with retries."""
    OPEN = "open"
    """Three or more cycles failed: one probe per cycle, no retries."""
    HALF_OPEN = "half_open"
    """This cycle's probe is in flight."""


class Standing(StrEnum):
    """The role of one of several processes, one of which leads."""

    STANDBY = "standby"
    """Another one leads."""
    DATABASE = "database"
    """It leads, by PostgreSQL's lease."""
    VALKEY = "valkey"
    """It leads, by Valkey's lease: PostgreSQL is away."""
    ALONE = "alone"
    """It leads, like every other process that reaches neither store."""


class Refusal(StrEnum):
    """The likely reason why IAM Roles Anywhere refuses a session."""

    UNTRUSTED_CA = "untrusted_ca"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CLOCK_SKEW = "clock_skew"
    WRONG_KEY = "wrong_key"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    OTHER = "other"


REPORT_MAX = 131_072  # characters; a source needs about 700
INTERVAL_MAX_S = 86_400.0
INTERVAL_MIN_S = 0.001  # below, readings of a store would follow each other without a pause
COUNT_MAX = 2**53  # the largest that all JSON readers agree on


def _known(words: Iterable[str], otherwise: str | None) -> BeforeValidator:
    """Replace an unknown word: a newer version may have more."""
    known = frozenset(words)

    def replaced(value: object) -> object:
        is_known = value is None or (isinstance(value, str) and value in known)
        return value if is_known else otherwise

    return BeforeValidator(replaced)


KNOWN_WORD = _known({"ok", *ErrorWord}, ErrorWord.FAILED)
Word = Annotated[ErrorWord | None, KNOWN_WORD]
Count = Annotated[int, Field(ge=0, le=COUNT_MAX)]
Label = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Counts = Annotated[dict[Label, Count], Field(max_length=100)]
Amount = Annotated[float, Field(ge=0, le=COUNT_MAX)]
Interval = Annotated[float, Field(ge=INTERVAL_MIN_S, le=INTERVAL_MAX_S)]


class _Document(BaseModel):
    """A stored document; another version may have written it, so unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Counted(_Document):
    """The worker's counters for one source since it started."""

    writes: Counts = {}
    """Writes by result: `ok`, or an error word."""
    attempts: Count = 0
    """Attempts of these writes, retries included."""
    durations: Annotated[tuple[Count, ...], Field(max_length=100)] = ()
    """Durations of last attempts, by `schema.history.LATENCY_BOUNDS_MS`, up to the last non-empty
    bucket."""
    duration_seconds: Amount = 0.0
    """The sum of these durations."""


class ProcessReport(_Document):
    """Resources that the worker's process uses."""

    resident_bytes: Count = 0
    cpu_seconds: Amount = 0.0
    """User and system CPU time since it started."""
    lateness_seconds: Annotated[float, Field(ge=-COUNT_MAX, le=COUNT_MAX)] = 0.0
    """The delay of the last cycle's start."""


class SourceReport(_Document):
    """The worker's knowledge of one source at the end of its last cycle."""

    last_result: Annotated[Result | None, KNOWN_WORD] = None
    """None before the first cycle ends."""
    cause: Annotated[Cause | None, _known(Cause, None)] = None
    """The cause of the last result, or of the warning if the stamp was written; None if unknown."""
    warning: Word = None
    """The stamp was written, but a part of the write failed (the secret's value)."""
    attempts: Count = 0
    latency_ms: Amount | None = None
    consecutive_failures: Count = 0
    failing_since: Moment | None = None
    last_success: Moment | None = None
    breaker: Breaker = Breaker.CLOSED
    counted: Counted = Field(default_factory=Counted)  # a default is copied deeply each time


class IamReport(SourceReport):
    """The worker's knowledge of its AWS identity."""

    refusal: Refusal | None = None
    credentials_created: Timestamp | None = None
    credentials_expiry: Timestamp | None = None
    certificate_expiry: Timestamp | None = None


class Replaced(_Document):
    """A stamped value of a secret that somebody else has replaced."""

    at: Moment | None = None
    """When, by AWS's clock; None if an older version was made the current one again."""
    rewritten_at: Moment | None = None
    """When the worker put a stamp into it; None if it has not yet."""


class ReplicaReport(_Document):
    """The worker's last look at a store's replica, after a stamp was written to the store."""

    stamp: Moment | None = None
    """The newest stamp found there."""
    lag_seconds: Amount | None = None
    """Time from the write until the stamp was seen there; if it was not, by how much the newest
    stamp there is older. None if no stamp could be read."""
    waited_seconds: Amount | None = None
    """The time that the worker waited for a stamp that did not arrive; None if it arrived."""
    error: Word = None
    """Why the replica could not be read."""
    failing_since: Moment | None = None
    """The first stamp in a row that was not seen there."""


class ServerReport(_Document):
    """The server behind a store's host name, as far as the server reports it."""

    timeline: Count | None = None
    """PostgreSQL's timeline, which increases with each promotion."""
    address: Label | None = None
    promoted_at: Moment | None = None
    """When the worker last saw another server in its place."""


class WorkerReport(_Document):
    """The worker's report, so that the API can explain what it reads."""

    id: Label
    version: Label
    started_at: Moment
    interval_seconds: Interval
    next_due: Moment
    cycles: Count = 0
    sources: Annotated[dict[Label, SourceReport], Field(max_length=100)] = {}
    iam: IamReport | None = None
    aws_calls: Count = 0
    aws_throttles: Count = 0
    aws_calls_by_operation: Counts = {}
    """As AWS spells them, such as `UpdateSecret`; `CreateSession` included."""
    aws_throttles_by_operation: Counts = {}
    process: ProcessReport = ProcessReport()
    value_writes_24h: Count = 0
    value_interval_seconds: Interval | None = None
    value_replaced: Replaced | None = None
    """The last replacement of the secret's value that the worker noticed."""
    history_waiting: Count = 0
    history_dropped: Count = 0
    standing: Annotated[Standing | None, _known(Standing, None)] = None
    """This worker's role among those of its name; None if no store keeps a lease."""
    lease_token: Count = 0
    """Increases whenever another worker takes over; 0 without a lease."""
    standbys: Annotated[tuple[Label, ...], Field(max_length=100)] = ()
    """The workers that stand by."""
    replicas: Annotated[dict[Label, ReplicaReport], Field(max_length=100)] = {}
    """The stores' replicas, by the slug of the store."""
    servers: Annotated[dict[Label, ServerReport], Field(max_length=100)] = {}

    @property
    def every_source(self) -> dict[str, SourceReport]:
        """Return the reports of all sources by slug, including the AWS identity."""
        return self.sources | ({IDENTITY: self.iam} if self.iam else {})

    @property
    def brief(self) -> "WorkerReport":
        """Return the report without counters, for stores with little room."""
        none = {"counted": Counted()}
        return self.model_copy(
            update={
                "sources": {name: r.model_copy(update=none) for name, r in self.sources.items()},
                "iam": self.iam.model_copy(update=none) if self.iam else None,
                "aws_calls_by_operation": {},
                "aws_throttles_by_operation": {},
                "process": ProcessReport(),
                "standbys": self.standbys[:2],
                "servers": {},
            }
        )


class Heartbeat(_Document):
    """One stamp, made once per cycle and written to every source."""

    name: str
    """The author: `HEARTBEAT_NAME`."""
    timestamp: Timestamp
    interval_seconds: float = Field(default=DEFAULT_INTERVAL_S, gt=0)
    report: WorkerReport | None = None


def read_report(text: str | None) -> tuple[WorkerReport | None, bool]:
    """Parse the report stored beside a stamp.

    Args:
        text: JSON, None where there is none.

    Returns:
        The report or None, and whether the text was valid. A document of the older app is valid,
        but no report.
    """
    if not text:
        return None, True
    if len(text) > REPORT_MAX:
        return None, False
    try:
        return WorkerReport.model_validate_json(text), True
    except ValidationError as error:
        missing = {each["loc"][0] for each in error.errors() if each["type"] == "missing"}
        required = {n for n, field in WorkerReport.model_fields.items() if field.is_required()}
        return None, missing >= required
