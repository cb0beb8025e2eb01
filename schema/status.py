"""The response of `/worker/status`: every source, the identity, the worker, and the verdict."""

from enum import StrEnum
from typing import Literal

from schema.errors import ErrorWord
from schema.findings import Finding
from schema.heartbeat import Breaker, Refusal, Result, Standing
from schema.response import Response, Seconds
from schema.responses import Reading
from schema.timestamps import Timestamp


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
