"""One example of each answer, for the API's description; built from the models, so always valid."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from schema.alerts import Alerts, AlertTarget, EventKind, OpenAlert, RecentAlertEvent
from schema.errors import ErrorWord
from schema.findings import FindingCode, Severity
from schema.freshness import Freshness
from schema.heartbeat import Breaker, Standing
from schema.incidents import Incident, IncidentKind, Incidents
from schema.response import Response
from schema.responses import (
    DbStatus,
    Health,
    IamStatus,
    PostgresStatus,
    Ready,
    SecretStatus,
    ValkeyStatus,
)
from schema.status import (
    Diagnosis,
    DiagnosisCode,
    IamRow,
    Overall,
    Row,
    WorkerFacts,
    WorkerHealth,
    WorkerStatus,
)
from schema.uptime import Bucket, History, SourceHistory

NOW = datetime(2026, 11, 24, 21, 3, 25, 418_000, UTC)
STAMP = datetime(2026, 11, 24, 21, 3, 13, 72_859, UTC)
HOUR = timedelta(hours=1)
VERSION = "1.0.0"

_READING: dict[str, Any] = {  # Any: keyword arguments of several models
    "last_update": STAMP,
    "age_seconds": 12.345141,
    "freshness": Freshness.FRESH,
    "error": None,
    "observed_at": NOW - timedelta(seconds=0.4),
    "latency_ms": 1.94,
}
_WELL: dict[str, Any] = {
    "last_known_update": STAMP,
    "last_seen": NOW - timedelta(seconds=0.4),
    "is_stale": False,
    "status": "ok",
    "interval_seconds": 60.0,
    "last_result": "ok",
    "warning": None,
    "consecutive_failures": 0,
    "breaker": Breaker.CLOSED,
}
_CREDENTIALS: dict[str, Any] = {
    "credentials_created": NOW - HOUR / 4,
    "credentials_expiry": NOW + 3 * HOUR / 4,
    "certificate_expiry": NOW + timedelta(days=300),
}
_DIAGNOSIS = Diagnosis(
    code=DiagnosisCode.HEALTHY,
    sources=[],
    since=STAMP,
    message="Every store was written in the last cycle and reads back.",
    findings=[],
)


def _row(title: str, endpoint: str) -> Row:
    return Row(title=title, endpoint=endpoint, **_READING, **_WELL)


def examples() -> dict[str, Response]:
    """Return an answer of each model, by the model's name."""
    own = (_health(), _ready(), _db(), _secret(), _iam(), _status(), _verdict(), _alerts())
    found = (*own, *_past())
    return {type(each).__name__: each for each in found}


def _health() -> Response:
    return Health(version=VERSION, commit="0f3c9a1")


def _ready() -> Response:
    return Ready(ready=True, schema_head="0003", schema_revision="0003", error=None)


def _verdict() -> Response:
    return WorkerHealth(overall_status=Overall.OK, diagnosis=_DIAGNOSIS)


def _db() -> Response:
    return DbStatus(
        postgres=PostgresStatus(
            **_READING,
            connected=True,
            readable=True,
            writable=True,
            host="db.example.com",
            postgres_last_update=STAMP,
        ),
        valkey=ValkeyStatus(
            **_READING,
            connected=True,
            ping_ok=True,
            set_get_ok=True,
            host="valkey.example.com",
            valkey_last_update=STAMP,
        ),
    )


def _secret() -> Response:
    return SecretStatus(
        **_READING,
        ok=True,
        secret_name="heartbeat",  # noqa: S106 - a name
        secret_arn="arn:aws:secretsmanager:us-west-2:********9012:secret:heartbeat-AbCdEf",  # noqa: S106 - masked
        version_id="4f0c6f6e-6a51-5d0c-9d56-8f6f1f3f8f0a",
        secret_last_update=STAMP,
        value_last_update=NOW - HOUR / 3,
        value_freshness=Freshness.FRESH,
    )


def _iam() -> Response:
    return IamStatus(
        **_READING,
        ok=True,
        role_arn="arn:aws:sts::********9012:assumed-role/heartbeat/4d2a",
        account="********9012",
        user_id="AROAEXAMPLE:4d2a",
        **_CREDENTIALS,
        certificate_subject="CN=heartbeat",
    )


def _status() -> Response:
    identity = IamRow(
        title="AWS IAM Roles Anywhere",
        endpoint="heartbeat",
        **_READING,
        **_WELL,
        refusal=None,
        **_CREDENTIALS,
    )
    worker = WorkerFacts(
        id="worker-7-1f2e3d",
        version=VERSION,
        started_at=NOW - 12 * HOUR,
        next_due=STAMP + timedelta(seconds=60),
        cycles=721,
        aws_calls=1467,
        value_writes_24h=24,
        standing=Standing.DATABASE,
        lease_token=3,
        standbys=("worker-7-9a8b7c",),
    )
    return WorkerStatus(
        current_time=NOW,
        version=VERSION,
        interval_seconds=60,
        stale_threshold_seconds=90,
        overall_status=Overall.OK,
        in_step=True,
        diagnosis=_DIAGNOSIS,
        timestamps={
            "postgres": _row("PostgreSQL", "db.example.com"),
            "valkey": _row("Valkey", "valkey.example.com"),
            "secrets_manager": _row("AWS Secrets Manager", "heartbeat"),
        },
        iam=identity,
        worker=worker,
    )


def _alerts() -> Response:
    about: dict[str, Any] = {  # Any: as above
        "code": FindingCode.SOURCE_UNREACHABLE,
        "severity": Severity.ERROR,
        "sources": ["valkey"],
        "title": "Valkey cannot be read (timeout)",
        "began": NOW - HOUR / 6,
        "ended": None,
    }
    alert = UUID("1759f2a4-f79d-5a22-8172-cfe07768fcd8")
    rang = NOW - HOUR / 10
    return Alerts(
        enabled=True,
        decides=True,
        working=True,
        page_url="https://status.example.com",
        targets=[
            AlertTarget(
                kind="slack",
                name="slack no. 1",
                severity=Severity.DEGRADED,
                waiting=0,
                waiting_since=None,
                dead=0,
                errors=[],
                last_delivery=rang,
            )
        ],
        open=[
            OpenAlert(
                id=alert,
                **about,
                remedy="Check whether it runs, and whether its firewall lets this app in.",
                runbook="source_unreachable",
                opened=rang,
                rang=rang,
                muted=False,
            )
        ],
        mutes=[],
        recent=[
            RecentAlertEvent(
                kind=EventKind.OPENED, alert_id=alert, at=rang, **about, delivered=rang
            )
        ],
    )


def _past() -> tuple[Response, Response]:
    start = NOW.replace(minute=0, second=0, microsecond=0)
    counts = {"expected": 60, "ok": 58, "failed": 1, "unknown": 1}
    bucket = Bucket(start=start, **counts, latency_p50_ms=2.1, latency_p95_ms=4.8)
    source = SourceHistory(
        source="postgres",
        title="PostgreSQL",
        **counts,
        first_beat=start,
        ok_seconds=3480,
        failed_seconds=60,
        unknown_seconds=60,
        uptime_strict=58 / 60,
        uptime_known=58 / 59,
        buckets=[bucket],
    )
    incident = Incident(
        id=f"postgres-{start:%Y%m%dT%H%M%SZ}",
        kind=IncidentKind.FAILED,
        source="postgres",
        title="PostgreSQL",
        start=start,
        end=start + timedelta(minutes=1),
        error=ErrorWord.READ_ONLY,
        beats_missed=1,
    )
    span: dict[str, Any] = {"start": start, "end": start + HOUR, "as_of": NOW}
    history = History(**span, interval_seconds=60, bucket_seconds=3600, sources=[source])
    return history, Incidents(**span, total=1, longest=incident, incidents=[incident])
