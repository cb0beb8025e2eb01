from datetime import datetime, timedelta

from schema.errors import ErrorWord
from schema.heartbeat import Breaker, IamReport, Refusal, SourceReport, WorkerReport
from service.aws.client import Aws
from service.observation import Observation
from service.settings import load
from service.verdict.readers import LastReading
from service.verdict.snapshot import Snapshot
from service.verdict.status import worker_status
from tests.docs import facts
from tests.fakes import NOW
from tests.service.serving import NOWHERE

MINUTE = timedelta(minutes=1)


def report(started_at: datetime = NOW, **changes: object) -> WorkerReport:
    failing = SourceReport(last_result="timeout", consecutive_failures=3, breaker=Breaker.OPEN)
    document = {
        "id": "worker-1",
        "version": "1",
        "started_at": started_at,
        "interval_seconds": 60,
        "next_due": NOW,
        "sources": {"postgres": failing, "valkey": failing},
    }
    return WorkerReport.model_validate(document | changes)


def snapshot(**found: Observation) -> Snapshot:
    looks = {name: LastReading(found=each, at=NOW, latency_ms=1.0) for name, each in found.items()}
    return Snapshot(settings=load(NOWHERE), aws=None, looks=looks, now=NOW, watching_since=NOW)


def test_the_report_with_the_newer_stamp_counts() -> None:
    older = Observation(stamp=NOW - MINUTE, report=report(cycles=1))
    newer = Observation(stamp=NOW, report=report(cycles=2))

    for found in (snapshot(postgres=older, valkey=newer), snapshot(postgres=newer, valkey=older)):
        assert found.report is not None
        assert found.report.cycles == 2


def test_a_report_without_its_stamp_is_as_old_as_its_workers_start() -> None:
    gone = Observation(report=report(started_at=NOW - MINUTE, cycles=1))
    newer, older = (
        Observation(stamp=NOW - age, report=report(cycles=2)) for age in (MINUTE / 2, 2 * MINUTE)
    )

    beside_newer = snapshot(postgres=newer, valkey=gone).report
    beside_older = snapshot(postgres=older, valkey=gone).report
    assert (beside_newer and beside_newer.cycles) == 2
    assert (beside_older and beside_older.cycles) == 1


def test_a_stamp_newer_than_the_report_means_that_the_source_recovered() -> None:
    found = snapshot(
        postgres=Observation(stamp=NOW - MINUTE, report=report()), valkey=Observation(stamp=NOW)
    )
    lost = snapshot(
        postgres=Observation(stamp=NOW, report=report()), valkey=Observation(stamp=NOW - MINUTE)
    )

    assert found.reports["valkey"].last_result == "ok"
    assert found.reports["valkey"].breaker is Breaker.CLOSED
    assert lost.reports["valkey"].last_result == "timeout"
    assert lost.reports["valkey"].consecutive_failures == 3


def test_without_a_report_the_interval_is_that_of_our_own_settings() -> None:
    assert snapshot().interval_s == 60
    assert (
        snapshot(postgres=Observation(stamp=NOW, report=report(interval_seconds=7))).interval_s == 7
    )


REFUSED = IamReport(last_result="auth", refusal=Refusal.NOT_ALLOWED, failing_since=NOW - 2 * MINUTE)
PROVED = Observation(stamp=NOW)


def with_identity(age: timedelta, proved: Observation = PROVED) -> Snapshot:
    """Return a snapshot of a worker that AWS refused, and the API's own reading of the identity."""
    carried = Observation(stamp=NOW - age, report=report(iam=REFUSED))
    settings = load(facts.environ())
    looks = {
        name: LastReading(found=found, at=NOW, latency_ms=1.0)
        for name, found in {"postgres": carried, "iam": proved}.items()
    }
    assert settings.aws is not None
    aws = Aws(settings.aws).facts()
    return Snapshot(settings=settings, aws=aws, looks=looks, now=NOW, watching_since=NOW)


def test_the_identity_is_not_ok_while_aws_refuses_the_worker() -> None:
    status = worker_status(with_identity(MINUTE))

    assert status.iam.error == "auth"
    assert status.iam.status == "error"
    assert status.iam.refusal == "not_allowed"
    finding = next(each for each in status.diagnosis.findings if each.code == "credentials")
    assert finding.title == "AWS refuses this app's identity (not_allowed)"
    assert finding.since == REFUSED.failing_since


def test_a_silent_workers_report_of_the_identity_is_ignored() -> None:
    assert worker_status(with_identity(2 * MINUTE)).iam.error is None


def test_the_apis_own_reading_of_the_identity_overrides_the_workers_report() -> None:
    lost = Observation(reachable=False, error=ErrorWord.TIMEOUT)

    assert worker_status(with_identity(MINUTE, lost)).iam.error == "timeout"
