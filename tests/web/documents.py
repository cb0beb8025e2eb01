"""Documents of the API as the page may get them, made from the API's own models."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from schema.errors import ErrorWord
from schema.freshness import Freshness, judge
from schema.heartbeat import Breaker
from schema.responses import (
    Bucket,
    Diagnosis,
    DiagnosisCode,
    History,
    IamRow,
    Incident,
    Incidents,
    Overall,
    Row,
    SourceHistory,
    WorkerFacts,
    WorkerStatus,
)

NOW = datetime(2026, 11, 24, 3, 0, 12, 345678, tzinfo=UTC)
HEALTHY = "Every store was written in the last cycle and reads back."
ENDPOINTS = {
    "postgres": ("PostgreSQL", "heartbeat-pg.b.db.ondigitalocean.com"),
    "valkey": ("Valkey", "heartbeat-valkey.b.db.ondigitalocean.com"),
    "secrets_manager": ("AWS Secrets Manager", "heartbeat/production"),
}
LATENCIES_MS = {"postgres": 0.62, "valkey": 0.31, "secrets_manager": 41.8}


def row(name: str = "postgres", age_s: float | None = 12.0, **changes: Any) -> Row:
    """A source's row.

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
    """The row of a store that cannot be read."""
    return row(
        name,
        None,
        freshness=Freshness.UNREACHABLE,
        error=word,
        last_result=word,
        consecutive_failures=4,
        breaker=Breaker.OPEN,
    )


def off(name: str) -> Row:
    """The row of a source that is switched off."""
    word = ErrorWord.NOT_CONFIGURED
    return row(name, None, error=word, endpoint=None, interval_seconds=None, last_result=None)


def iam(age_s: float | None = 24.0, **changes: Any) -> IamRow:
    """The identity's row."""
    fields: dict[str, Any] = {
        "title": "AWS IAM Roles Anywhere",
        "endpoint": "heartbeat-app",
        **_reading(age_s),
        "refusal": None,
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
) -> WorkerStatus:
    """The whole document.

    Args:
        rows: Rows by slug that differ from healthy ones, or are added to them.
        age_s: Of the healthy rows' stamps.
        overall: The verdict.
        code: The diagnosis.
        message: Its sentence.
        since_s: For how long it has lasted, None if that is not known.
        at: The server's clock.
        identity: The identity's row, None for a healthy one.
    """
    healthy = {name: row(name, age_s) for name in ENDPOINTS}
    return WorkerStatus(
        current_time=at,
        version="0.1.0",
        interval_seconds=60.0,
        stale_threshold_seconds=90.0,
        overall_status=overall,
        in_step=True,
        diagnosis=Diagnosis(
            code=code,
            sources=[name for name, _ in rows],
            since=None if since_s is None else at - timedelta(seconds=since_s),
            message=message,
        ),
        timestamps=healthy | dict(rows),
        iam=identity or iam(),
        worker=WorkerFacts(
            id="heartbeat-worker-7d9f",
            version="0.1.0",
            started_at=at - timedelta(days=3, hours=4),
            next_due=at + timedelta(seconds=48),
            cycles=4561,
        ),
    )


def history(
    days: int, buckets: int, failed: Mapping[str, Iterable[int]] | None = None, unknown: int = 0
) -> History:
    """The history of a window.

    Args:
        days: Its length.
        buckets: How many parts.
        failed: Which of them hold failures, by slug.
        unknown: How many of the oldest hold no record.
    """
    length_s = days * 86_400 / buckets
    start = NOW - timedelta(days=days)
    due = round(length_s / 60)

    def source(name: str) -> SourceHistory:
        bad = set((failed or {}).get(name, ()))
        parts = []
        for index in range(buckets):
            lost = due // 3 if index in bad else 0
            silent = index < unknown
            parts.append(
                Bucket(
                    start=start + timedelta(seconds=index * length_s),
                    expected=due,
                    ok=0 if silent else due - lost,
                    failed=0 if silent else lost,
                    unknown=due if silent else 0,
                    latency_p50_ms=None if silent else LATENCIES_MS[name],
                    latency_p95_ms=None if silent else LATENCIES_MS[name] * 2.3,
                )
            )
        ok, lost, silent = (sum(getattr(b, k) for b in parts) for k in ("ok", "failed", "unknown"))
        return SourceHistory(
            source=name,
            title=ENDPOINTS[name][0],
            expected=due * buckets,
            ok=ok,
            failed=lost,
            unknown=silent,
            uptime_strict=ok / (due * buckets),
            uptime_known=ok / (ok + lost) if ok + lost else None,
            buckets=parts,
        )

    return History(
        start=start,
        end=NOW,
        interval_seconds=60,
        bucket_seconds=length_s,
        sources=[source(name) for name in ENDPOINTS],
    )


def incidents(*lasting: str) -> Incidents:
    """Two incidents that are over, and those that last."""

    def incident(name: str, ago: timedelta, length: timedelta | None, word: ErrorWord) -> Incident:
        end = None if length is None else NOW - ago + length
        beats = round((length or ago).total_seconds() / 60)
        title = ENDPOINTS[name][0]
        start = NOW - ago
        return Incident(
            source=name, title=title, start=start, end=end, error=word, beats_missed=beats
        )

    now = [incident(name, timedelta(minutes=4), None, ErrorWord.TIMEOUT) for name in lasting]
    minutes = timedelta(minutes=1)
    over = [
        incident("valkey", timedelta(hours=7, minutes=20), 6 * minutes, ErrorWord.UNREACHABLE),
        incident("postgres", timedelta(days=3, hours=2), 12 * minutes, ErrorWord.READ_ONLY),
    ]
    return Incidents(start=NOW - timedelta(days=7), end=NOW, incidents=[*now, *over])


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
    }
