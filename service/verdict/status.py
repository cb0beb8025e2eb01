"""The whole status document, as `/worker/status` and the viewers get it."""

from typing import Any

from schema.errors import ErrorWord
from schema.freshness import Freshness, stale_after_s
from schema.heartbeat import Breaker, WorkerReport
from schema.responses import IamRow, Row, WorkerFacts, WorkerStatus
from service.accounts import mask
from service.aws.identity import Identity
from service.source import SourceSettings
from service.verdict.diagnosis import diagnose, overall
from service.verdict.known import Known
from service.verdict.situation import ALIVE
from service.version import version


def worker_status(known: Known) -> WorkerStatus:
    """The whole document."""
    situation = known.situation()
    diagnosis = diagnose(situation)
    on = {source.name: _row(known, source) for source in known.settings.sources}
    off = {source.name: _off_row(source.title) for source in known.settings.off}
    return WorkerStatus(
        current_time=known.now,
        version=version(),
        interval_seconds=known.interval_s,
        stale_threshold_seconds=stale_after_s(known.interval_s),
        overall_status=overall(diagnosis),
        in_step=situation.in_step,
        diagnosis=diagnosis,
        timestamps=on | off,
        iam=_iam_row(known),
        worker=_facts(known.report),
    )


def _row(known: Known, source: SourceSettings) -> Row:
    said = known.said[source.name]
    return Row(
        title=source.title,
        endpoint=mask(source.endpoint),
        **_reading(known, source.name),
        last_result=said.last_result,
        warning=said.warning,
        consecutive_failures=said.consecutive_failures,
        breaker=said.breaker,
    )


def _iam_row(known: Known) -> IamRow:
    aws = known.aws
    return IamRow(
        title=Identity.title,
        endpoint=Identity.endpoint_of(aws.settings) if aws else None,
        **(_reading(known, Identity.name) if aws else _OFF),
        refusal=aws.refusal if aws else None,
        credentials_created=aws.credentials_created if aws else None,
        credentials_expiry=aws.credentials_expiry if aws else None,
        certificate_expiry=aws.certificate_expiry if aws else None,
    )


def _reading(known: Known, name: str) -> dict[str, Any]:  # Any: keyword arguments of two models
    found, state = known.found.get(name), known.aged(name)
    return {
        "last_update": state.stamp,
        "age_seconds": state.age_s,
        "interval_seconds": state.interval_s,
        "is_stale": state.freshness not in ALIVE,
        "freshness": state.freshness,
        "status": state.status,
        "error": state.error,
        "observed_at": found.observed_at if found else None,
        "latency_ms": found.latency_ms if found else None,
    }


_OFF: dict[str, Any] = {
    "last_update": None,
    "age_seconds": None,
    "interval_seconds": None,
    "is_stale": True,
    "freshness": Freshness.MISSING,
    "status": "error",
    "error": ErrorWord.NOT_CONFIGURED,
    "observed_at": None,
    "latency_ms": None,
}


def _off_row(title: str) -> Row:
    return Row(
        title=title,
        endpoint=None,
        **_OFF,
        last_result=None,
        warning=None,
        consecutive_failures=0,
        breaker=Breaker.CLOSED,
    )


def _facts(report: WorkerReport | None) -> WorkerFacts:
    if report is None:
        return WorkerFacts()
    return WorkerFacts(**{name: getattr(report, name) for name in WorkerFacts.model_fields})
