from schema.heartbeat import Counted, IamReport, ProcessReport, SourceReport, WorkerReport
from schema.timestamps import utc_now
from service.api.totals import WORKERS_KEPT, Totals


def report(worker: str, cycles: int) -> WorkerReport:
    counted = Counted(
        writes={"ok": cycles, "timeout": 1}, attempts=cycles + 1, durations=(0, cycles)
    )
    return WorkerReport(
        id=worker,
        version="1",
        started_at=utc_now(),
        interval_seconds=60,
        next_due=utc_now(),
        cycles=cycles,
        sources={"postgres": SourceReport(last_result="ok", counted=counted)},
        iam=IamReport(last_result="ok"),
        aws_calls=cycles,
        aws_calls_by_operation={"UpdateSecret": cycles},
        process=ProcessReport(resident_bytes=5, cpu_seconds=cycles / 2),
    )


def test_a_new_worker_does_not_reset_the_counters() -> None:
    totals = Totals()
    totals.of(report("one", 10))

    found = totals.of(report("two", 3))

    assert (found.id, found.cycles, found.aws_calls) == ("two", 13, 13)
    assert found.aws_calls_by_operation == {"UpdateSecret": 13}
    counted = found.sources["postgres"].counted
    assert counted.writes == {"ok": 13, "timeout": 2}
    assert (counted.attempts, counted.durations) == (15, (0, 13))
    assert (found.process.resident_bytes, found.process.cpu_seconds) == (5, 6.5)


def test_alternating_workers_never_decrease_a_counter() -> None:
    totals = Totals()
    seen = [
        totals.of(report(worker, cycles)).cycles
        for cycles in range(1, 50)
        for worker in ("one", "two", "one")
    ]

    assert seen == sorted(seen)
    assert seen[-1] == 98


def test_an_older_report_of_a_worker_changes_nothing() -> None:
    totals = Totals()
    totals.of(report("one", 10))

    assert totals.of(report("one", 8)).cycles == 10


def test_many_workers_take_bounded_memory_and_lose_no_count() -> None:
    totals = Totals()
    for number in range(10 * WORKERS_KEPT):
        found = totals.of(report(f"worker-{number}", 2))

    assert found.cycles == 2 * 10 * WORKERS_KEPT
    assert len(totals._reports) <= WORKERS_KEPT
