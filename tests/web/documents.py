"""Example documents of the API, made from its models."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from schema.errors import ErrorWord
from schema.findings import Finding, FindingCode, Severity
from schema.freshness import Freshness, judge
from schema.heartbeat import Breaker
from schema.status import Diagnosis, DiagnosisCode, IamRow, Overall, Row, WorkerFacts, WorkerStatus
from service.verdict.diagnosis import conclude
from service.verdict.diagnosis import overall as verdict

NOW = datetime(2026, 11, 24, 3, 0, 12, 345678, tzinfo=UTC)
HEALTHY = "Every store was written in the last cycle and reads back."
ENDPOINTS = {
    "postgres": ("PostgreSQL", "heartbeat-pg.b.db.ondigitalocean.com"),
    "valkey": ("Valkey", "heartbeat-valkey.b.db.ondigitalocean.com"),
    "secrets_manager": ("AWS Secrets Manager", "heartbeat/production"),
}
LATENCIES_MS = {"postgres": 0.62, "valkey": 0.31, "secrets_manager": 41.8}


def row(name: str = "postgres", age_s: float | None = 12.0, **changes: Any) -> Row:
    """Return a source's row.

    Args:
        name: The slug; an unknown one is its own title.
        age_s: Of its stamp, None for no stamp.
        changes: Fields to set otherwise.
    """
    title, endpoint = ENDPOINTS.get(name, (name, "somewhere"))
    fields: dict[str, Any] = {
        "title": title,
        "endpoint": endpoint,
        **_reading(age_s),
        "latency_ms": LATENCIES_MS.get(name, 1.0),
        "last_result": "ok",
        "warning": None,
        "consecutive_failures": 0,
        "breaker": Breaker.CLOSED,
    }
    return Row.model_validate(fields | changes)


def unreachable(name: str, word: ErrorWord = ErrorWord.TIMEOUT) -> Row:
    """Return the row of a store that cannot be read."""
    return row(
        name,
        None,
        freshness=Freshness.UNREACHABLE,
        error=word,
        last_result=word,
        consecutive_failures=4,
        breaker=Breaker.OPEN,
        last_known_update=NOW - timedelta(seconds=276),
        last_seen=NOW - timedelta(seconds=250),
    )


def off(name: str) -> Row:
    """Return the row of a source that is switched off."""
    word = ErrorWord.NOT_CONFIGURED
    return row(name, None, error=word, endpoint=None, interval_seconds=None, last_result=None)


def iam(age_s: float | None = 24.0, **changes: Any) -> IamRow:
    """Return the identity's row."""
    fields: dict[str, Any] = {
        "title": "AWS IAM Roles Anywhere",
        "endpoint": "heartbeat-app",
        **_reading(age_s),
        "refusal": None,
        "last_result": "ok",
        "warning": None,
        "consecutive_failures": 0,
        "breaker": Breaker.CLOSED,
        "latency_ms": 58.0,
        "credentials_created": NOW - timedelta(minutes=18),
        "credentials_expiry": NOW + timedelta(minutes=42),
        "certificate_expiry": NOW + timedelta(days=301),
    }
    return IamRow.model_validate(fields | changes)


def status(
    *rows: tuple[str, Row],
    age_s: float = 12.0,
    overall: Overall = Overall.OK,
    code: DiagnosisCode = DiagnosisCode.HEALTHY,
    message: str = HEALTHY,
    since_s: float | None = None,
    at: datetime = NOW,
    identity: IamRow | None = None,
    findings: Sequence[Finding] = (),
) -> WorkerStatus:
    """Return the whole document.

    Args:
        rows: Rows by slug that differ from healthy ones, or are added to them.
        age_s: Of the healthy rows' stamps.
        overall: The verdict.
        code: The diagnosis.
        message: Its sentence.
        since_s: For how long it has lasted, None if that is not known.
        at: The server's clock.
        identity: The identity's row, None for a healthy one.
        findings: What is wrong, the worst first; they decide on verdict and diagnosis.
    """
    since = None if since_s is None else at - timedelta(seconds=since_s)
    names = [name for name, _ in rows]
    diagnosis = Diagnosis(code=code, sources=names, since=since, message=message, findings=[])
    if findings:
        diagnosis = conclude(list(findings))
        overall = verdict(diagnosis)
    shown = {name: row(name, age_s) for name in ENDPOINTS} | dict(rows)
    on = [each for each in shown.values() if each.error is not ErrorWord.NOT_CONFIGURED]
    return WorkerStatus(
        current_time=at,
        version="0.1.0",
        interval_seconds=60.0,
        stale_threshold_seconds=90.0,
        overall_status=overall,
        in_step=len({each.last_update for each in on}) == 1,
        diagnosis=diagnosis,
        timestamps=shown,
        iam=identity or iam(),
        worker=WorkerFacts(
            id="heartbeat-worker-7d9f",
            version="0.1.0",
            started_at=at - timedelta(days=3, hours=4),
            next_due=at + timedelta(seconds=48),
            cycles=4561,
        ),
    )


def finding(title: str, remedy: str | None = None, **changes: Any) -> Finding:
    """Return one finding; by default, of a store that cannot be read."""
    fields: dict[str, Any] = {
        "code": FindingCode.SOURCE_UNREACHABLE,
        "severity": Severity.ERROR,
        "sources": ["postgres"],
        "since": None,
        "title": title,
        "remedy": remedy,
        "runbook": "source_unreachable",
    }
    return Finding.model_validate(fields | changes)


def _reading(age_s: float | None) -> dict[str, Any]:
    stamp = None if age_s is None else NOW - timedelta(seconds=age_s)
    freshness = judge(stamp, NOW, 60.0)
    alive = freshness in {Freshness.FRESH, Freshness.AGING}
    return {
        "last_update": stamp,
        "age_seconds": age_s,
        "interval_seconds": 60.0,
        "is_stale": not alive,
        "freshness": freshness,
        "status": "ok" if alive else "error",
        "error": None,
        "observed_at": NOW - timedelta(seconds=0.4),
        "last_known_update": stamp,
        "last_seen": NOW - timedelta(seconds=0.4),
    }
