"""The models of the API's responses."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer

from schema.errors import ErrorWord
from schema.findings import Finding
from schema.freshness import Freshness
from schema.heartbeat import Breaker, Refusal, Result, Standing
from schema.response import Response
from schema.timestamps import Timestamp

Milliseconds = Annotated[float, PlainSerializer(lambda value: round(value, 3))]
Seconds = Annotated[float, PlainSerializer(lambda value: round(value, 6))]


class Health(Response):
    """The process answers."""

    status: Literal["ok", "stuck"] = "ok"
    """`stuck` if readings or the live push have stopped although the process answers."""
    version: str
    commit: str


class Ready(Response):
    """Whether the database has the schema that this version needs."""

    ready: bool
    schema_head: str | None
    """This and the other fields are null if a password is set."""
    schema_revision: str | None
    error: ErrorWord | None


class Reading(Response):
    """The fields that all readings share."""

    last_update: Timestamp | None
    age_seconds: Seconds | None
    freshness: Freshness
    error: ErrorWord | None
    observed_at: Timestamp | None
    """When the store was read; None if it has not answered yet."""
    latency_ms: Milliseconds | None


class PostgresStatus(Reading):
    """PostgreSQL, as read from inside the app."""

    connected: bool
    readable: bool
    writable: bool
    host: str
    postgres_last_update: Timestamp | None


class ValkeyStatus(Reading):
    """Valkey, as read from inside the app."""

    connected: bool
    ping_ok: bool
    set_get_ok: bool
    host: str
    valkey_last_update: Timestamp | None


class DbStatus(Response):
    """Both databases."""

    postgres: PostgresStatus
    valkey: ValkeyStatus


class SecretStatus(Reading):
    """AWS Secrets Manager; never the secret's value."""

    ok: bool
    secret_name: str | None
    secret_arn: str | None
    version_id: str | None
    secret_last_update: Timestamp | None
    value_last_update: Timestamp | None
    """The stamp in the value, which is written less often than the description."""
    value_freshness: Freshness
    note: None = None


class IamStatus(Reading):
    """The AWS identity, as confirmed by GetCallerIdentity."""

    ok: bool
    role_arn: str | None
    account: str | None
    """Masked to the last four digits."""
    user_id: str | None
    credentials_created: Timestamp | None
    credentials_expiry: Timestamp | None
    certificate_subject: str | None
    certificate_expiry: Timestamp | None
    note: None = None


class ReplicaRow(Response):
    """The worker's last look at a store's replica; null without one, or without a recent report."""

    endpoint: str | None
    last_update: Timestamp | None
    """The newest stamp there."""
    lag_seconds: Seconds | None
    """Time from the write until the stamp was seen there; if it was not, by how much the newest
    stamp there is older."""
    error: ErrorWord | None
    """Why the replica could not be read."""
    failing_since: Timestamp | None
    """The first stamp in a row that was not seen there in time."""


class Row(Reading):
    """One source: the last reading, and the worker's last result."""

    title: str
    endpoint: str | None
    interval_seconds: float | None
    """Seconds between two stamps, by which the age is judged; None if the source is off."""
    last_known_update: Timestamp | None
    """The stamp of the last reading that succeeded; it stays while the store cannot be read."""
    last_seen: Timestamp | None
    """When the store was last read with success; None if this process never could."""
    is_stale: bool
    status: Literal["ok", "error"]
    last_result: Result | None
    """The result of the worker's last write, None if no report could be read."""
    warning: ErrorWord | None
    """The stamp is written, but a part of the write fails (the secret's value)."""
    consecutive_failures: int
    breaker: Breaker
    replica: ReplicaRow | None = None
    promoted_at: Timestamp | None = None
    """When the worker last saw that another server had taken over."""


class IamRow(Row):
    """The AWS identity as a row beside the sources; its stamp is the last good GetCallerIdentity.

    The worker's write is the same call.
    """

    refusal: Refusal | None
    """Why IAM Roles Anywhere refuses a session, if known."""
    credentials_created: Timestamp | None
    credentials_expiry: Timestamp | None
    certificate_expiry: Timestamp | None


class WorkerFacts(Response):
    """The worker's own state, from the newest report that could be read."""

    id: str | None = None
    version: str | None = None
    started_at: Timestamp | None = None
    next_due: Timestamp | None = None
    cycles: int = 0
    aws_calls: int = 0
    aws_throttles: int = 0
    value_writes_24h: int = 0
    history_waiting: int = 0
    history_dropped: int = 0
    standing: Standing | None = None
    """The lease by which it beats; None if no store keeps one, or from an older version."""
    lease_token: int = 0
    """Increases whenever another worker takes over."""
    standbys: tuple[str, ...] = ()
    """The workers that stand by, by id."""


class DiagnosisCode(StrEnum):
    """`healthy`, or the code of the worst finding."""

    HEALTHY = "healthy"
    STARTING = "starting"
    WORKER_SILENT = "worker_silent"
    SOURCE_UNREACHABLE = "source_unreachable"
    SOURCE_NOT_WRITTEN = "source_not_written"
    OUT_OF_STEP = "out_of_step"
    CREDENTIALS = "credentials"
    QUOTA = "quota"
    SCHEMA = "schema"
    ALERTS_NOT_DELIVERED = "alerts_not_delivered"
    REPLICA_BEHIND = "replica_behind"


class Overall(StrEnum):
    """The verdict in one word."""

    OK = "ok"
    DEGRADED = "degraded"
    ERROR = "error"


class Diagnosis(Response):
    """The diagnosis: the worst finding in the first fields, and all findings as a list."""

    code: DiagnosisCode
    sources: list[str]
    since: Timestamp | None
    message: str
    """All findings, one sentence each, for logs and the command line."""
    findings: list[Finding]
    """Worst first; empty if healthy."""


class WorkerStatus(Response):
    """Everything: all sources, the identity, the worker and the verdict."""

    current_time: Timestamp
    version: str
    interval_seconds: float
    stale_threshold_seconds: float
    overall_status: Overall
    in_step: bool
    """Whether all stamps are equal; false for a moment during each cycle."""
    diagnosis: Diagnosis
    timestamps: dict[str, Row]
    iam: IamRow
    worker: WorkerFacts


class WorkerHealth(Response):
    """The verdict, for an uptime monitor; the HTTP status agrees."""

    overall_status: Overall
    diagnosis: Diagnosis


class Bucket(Response):
    """A span of a source's history: how many slots were due, and their results."""

    start: Timestamp
    expected: int
    """Slots whose time has passed."""
    ok: int
    failed: int
    unknown: int
    """Slots without a record; never counted as up."""
    latency_p50_ms: Milliseconds | None
    latency_p95_ms: Milliseconds | None


class SourceHistory(Response):
    """One source's history over a window."""

    source: str
    title: str
    expected: int
    ok: int
    failed: int
    unknown: int
    first_beat: Timestamp | None
    """The first recorded slot that is kept; nothing was due before it. None if there is none."""
    ok_seconds: Seconds
    failed_seconds: Seconds
    unknown_seconds: Seconds
    uptime_strict: float | None
    """By time, ok / all: unknown time counts as down; None if nothing was due."""
    uptime_known: float | None
    """By time, ok / (ok + failed): unknown time does not count; None if nothing is known."""
    buckets: list[Bucket]


class History(Response):
    """The results of all slots in a window, by source."""

    start: Timestamp
    end: Timestamp
    """The end of the last bucket, which may lie in the future."""
    as_of: Timestamp
    """The server's clock when this was read."""
    interval_seconds: float
    bucket_seconds: float
    sources: list[SourceHistory]


class IncidentKind(StrEnum):
    """Whether writes failed, or nothing was recorded."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    PROMOTED = "promoted"
    """A moment at which another server took over; it is no downtime by itself."""


class Incident(Response):
    """A span in which a source was not ok, or in which nothing was recorded."""

    id: str
    """Its id, which is also its address on the page."""
    kind: IncidentKind
    source: str
    """`worker` where nothing was recorded."""
    title: str
    start: Timestamp
    end: Timestamp | None
    """None while it lasts."""
    error: ErrorWord | None
    """The first failure's word; None where nothing was recorded."""
    beats_missed: int


class Incidents(Response):
    """The incidents that touch a window, newest first."""

    start: Timestamp
    end: Timestamp
    as_of: Timestamp
    """The server's clock when this was read."""
    total: int
    """How many there are; the list may be shorter."""
    longest: Incident | None
    """None if there is none."""
    incidents: list[Incident]


class Problem(Response):
    """The one shape of an error response."""

    error: str = Field(examples=["not_found"])
    message: str = Field(examples=["there is no /nothing here"])
