from datetime import datetime, timedelta

from schema.heartbeat import Breaker, SourceReport, WorkerReport
from service.settings import load
from service.source import Observation
from service.verdict.readers import Look
from service.verdict.snapshot import Snapshot
from tests.fakes import NOW
from tests.service.serving import NOWHERE

MINUTE = timedelta(minutes=1)


def report(started_at: datetime = NOW, **changes: object) -> WorkerReport:
    failing = SourceReport(last_result="timeout", consecutive_failures=3, breaker=Breaker.OPEN)
    said = {
        "id": "worker-1",
        "version": "1",
        "started_at": started_at,
        "interval_seconds": 60,
        "next_due": NOW,
        "sources": {"postgres": failing, "valkey": failing},
    }
    return WorkerReport.model_validate(said | changes)


def snapshot(**found: Observation) -> Snapshot:
    looks = {name: Look(found=each, at=NOW, latency_ms=1.0) for name, each in found.items()}
    return Snapshot(settings=load(NOWHERE), aws=None, looks=looks, now=NOW, watching_since=NOW)


def test_of_two_reports_the_one_that_came_with_the_newer_stamp_counts() -> None:
    older = Observation(stamp=NOW - MINUTE, report=report(cycles=1))
    newer = Observation(stamp=NOW, report=report(cycles=2))

    for found in (snapshot(postgres=older, valkey=newer), snapshot(postgres=newer, valkey=older)):
        assert found.report is not None
        assert found.report.cycles == 2


def test_a_report_whose_stamp_is_gone_is_as_old_as_the_start_of_its_worker() -> None:
    gone = Observation(report=report(started_at=NOW - MINUTE, cycles=1))
    newer, older = (
        Observation(stamp=NOW - age, report=report(cycles=2)) for age in (MINUTE / 2, 2 * MINUTE)
    )

    beside_newer = snapshot(postgres=newer, valkey=gone).report
    beside_older = snapshot(postgres=older, valkey=gone).report
    assert (beside_newer and beside_newer.cycles) == 2
    assert (beside_older and beside_older.cycles) == 1


def test_a_stamp_that_is_newer_than_the_report_says_that_the_source_is_well_again() -> None:
    found = snapshot(
        postgres=Observation(stamp=NOW - MINUTE, report=report()), valkey=Observation(stamp=NOW)
    )
    lost = snapshot(
        postgres=Observation(stamp=NOW, report=report()), valkey=Observation(stamp=NOW - MINUTE)
    )

    assert found.said["valkey"].last_result == "ok"
    assert found.said["valkey"].breaker is Breaker.CLOSED
    assert lost.said["valkey"].last_result == "timeout"
    assert lost.said["valkey"].consecutive_failures == 3


def test_without_a_report_the_interval_is_that_of_our_own_settings() -> None:
    assert snapshot().interval_s == 60
    assert (
        snapshot(postgres=Observation(stamp=NOW, report=report(interval_seconds=7))).interval_s == 7
    )
