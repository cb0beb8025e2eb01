"""The status document of `/worker/status`, which viewers get too."""

from typing import Any

from schema.errors import ErrorWord
from schema.freshness import Freshness, stale_after_s
from schema.heartbeat import IDENTITY, Breaker, WorkerReport
from schema.status import IamRow, ReplicaRow, Row, WorkerFacts, WorkerStatus
from service.accounts import mask
from service.kind import AnyInstance
from service.verdict.diagnosis import diagnose, overall
from service.verdict.situation import ALIVE
from service.verdict.snapshot import Snapshot
from service.version import version


def worker_status(snapshot: Snapshot) -> WorkerStatus:
    """Create the document."""
    situation = snapshot.situation()
    diagnosis = diagnose(situation)
    on = {source.name: _row(snapshot, source) for source in snapshot.settings.sources}
    off = {kind.name: {"title": kind.title, **_OFF} for kind in snapshot.settings.off}
    rows = on | off
    identity = rows.pop(IDENTITY)
    return WorkerStatus(
        current_time=snapshot.now,
        version=version(),
        interval_seconds=snapshot.interval_s,
        stale_threshold_seconds=stale_after_s(snapshot.interval_s),
        overall_status=overall(diagnosis),
        in_step=situation.in_step,
        diagnosis=diagnosis,
        timestamps={name: Row(**row) for name, row in rows.items()},
        iam=IamRow(**identity, **_identity(snapshot)),
        worker=_facts(snapshot.report),
    )


def _row(snapshot: Snapshot, source: AnyInstance) -> dict[str, Any]:
    """Return the fields of a source's row."""  # Any: keyword arguments of two models
    look, known = snapshot.looks.get(source.name), snapshot.known(source)
    state = snapshot.aged(source)
    report = snapshot.reports[source.name]
    return {
        "title": source.title,
        "endpoint": mask(source.endpoint),
        "last_update": state.stamp,
        "age_seconds": state.age_s,
        "interval_seconds": state.interval_s,
        "last_known_update": look.last_stamp if look else None,
        "last_seen": look.last_answer if look else None,
        "is_stale": state.freshness not in ALIVE,
        "freshness": state.freshness,
        "status": state.status,
        "error": state.error,
        "observed_at": known.at if known else None,
        "latency_ms": known.latency_ms if known else None,
        "last_result": report.last_result,
        "warning": report.warning,
        "consecutive_failures": report.consecutive_failures,
        "breaker": report.breaker,
        "replica": _replica(snapshot, source),
        "promoted_at": snapshot.promoted_at(source.name),
    }


def _replica(snapshot: Snapshot, source: AnyInstance) -> ReplicaRow | None:
    seen = snapshot.replica(source.name)
    if source.settings.replica is None or seen is None:
        return None
    return ReplicaRow(
        endpoint=mask(source.settings.replica),
        last_update=seen.stamp,
        lag_seconds=seen.lag_seconds,
        error=seen.error,
        failing_since=seen.failing_since,
    )


_OFF: dict[str, Any] = {
    "endpoint": None,
    "last_update": None,
    "age_seconds": None,
    "interval_seconds": None,
    "last_known_update": None,
    "last_seen": None,
    "is_stale": True,
    "freshness": Freshness.MISSING,
    "status": "error",
    "error": ErrorWord.NOT_CONFIGURED,
    "observed_at": None,
    "latency_ms": None,
    "last_result": None,
    "warning": None,
    "consecutive_failures": 0,
    "breaker": Breaker.CLOSED,
}


def _identity(snapshot: Snapshot) -> dict[str, Any]:
    """Return the additional fields of the AWS identity's row."""
    aws = snapshot.aws
    return {
        "refusal": snapshot.refusal,
        "credentials_created": aws.credentials_created if aws else None,
        "credentials_expiry": aws.credentials_expiry if aws else None,
        "certificate_expiry": aws.certificate_expiry if aws else None,
    }


def _facts(report: WorkerReport | None) -> WorkerFacts:
    if report is None:
        return WorkerFacts()
    return WorkerFacts(**{name: getattr(report, name) for name in WorkerFacts.model_fields})
