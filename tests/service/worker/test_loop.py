import os
import re
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from schema.errors import ErrorWord
from schema.heartbeat import Breaker, Heartbeat, WorkerReport
from service.errors import Shortfall, SourceError
from service.outcome import Outcome
from service.process import ProcessSettings
from service.shutdown import WRITES_S
from service.source import Source
from service.version import version
from service.worker.loop import Worker
from tests.fakes import NOW, MemorySource, failing
from tests.service.worker.simulated import BACKEND, TIME, loop

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return BACKEND


@pytest.fixture(autouse=True)
def simulated_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.worker.write.time", TIME)


MINUTE = timedelta(minutes=1)


class Ledger:
    """Keeps records, and sets an event after enough cycles."""

    def __init__(self, enough: int) -> None:
        self.slots: list[datetime] = []
        self.outcomes: list[Outcome] = []
        self.stop = anyio.Event()
        self._enough = enough

    def record(self, slot: datetime, interval_s: float, outcomes: Sequence[Outcome]) -> None:
        assert interval_s == 60
        self.slots.append(slot)
        self.outcomes += outcomes
        if len(self.slots) >= self._enough:
            self.stop.set()

    def add_to(self, report: WorkerReport) -> WorkerReport:
        return report.model_copy(update={"history_waiting": 5})


class Clock:
    """A wall clock that advances steadily from `NOW`, and can be set."""

    def __init__(self) -> None:
        self.set = timedelta()
        self._started = anyio.current_time()

    def __call__(self) -> datetime:
        return NOW + self.set + timedelta(seconds=anyio.current_time() - self._started)


def settings(**changes: str) -> ProcessSettings:
    return ProcessSettings.model_validate(changes)


def events_of(lines: Sequence[MutableMapping[str, Any]]) -> list[tuple[str, Any]]:
    """Return a log's events: the number of each cycle, and each change with its error."""
    return [
        (line["event"], line["cycle"] if line["event"] == "cycle" else line.get("error"))
        for line in lines
        if line["log_level"] != "debug"
    ]


class PartialSource(MemorySource):
    """A source whose second to fourth writes are partial."""

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        await super().write(heartbeat)
        return Shortfall(ErrorWord.QUOTA) if len(self.written) in {2, 3, 4} else None


async def beat(sources: dict[str, Source], cycles: int) -> tuple[Worker, Ledger]:
    ledger = Ledger(enough=cycles)
    worker = Worker(settings(), sources, ledger, now=Clock())
    await worker.run(ledger.stop)
    return worker, ledger


def set_(event: anyio.Event) -> Callable[[], Awaitable[None]]:
    async def send() -> None:
        event.set()

    return send


async def test_the_first_cycle_runs_at_once_and_one_stamp_goes_to_every_source() -> None:
    one, two = MemorySource(), MemorySource()

    worker, _ = await beat({"one": one, "two": two}, cycles=1)

    assert worker.cycles == 1
    assert [b.timestamp for b in one.written] == [b.timestamp for b in two.written]
    assert one.written[0].name == "worker"


async def test_each_cycle_has_its_own_stamp() -> None:
    source = MemorySource()

    await beat({"source": source}, cycles=3)

    assert [b.timestamp for b in source.written] == [NOW, NOW + MINUTE, NOW + 2 * MINUTE]


async def test_the_report_beside_a_stamp_describes_the_previous_cycle() -> None:
    lost, well = MemorySource(failures=failing(ErrorWord.AUTH)), MemorySource()

    worker, _ = await beat({"lost": lost, "well": well}, cycles=2)

    first, second = (b.report for b in well.written)
    assert first is not None
    assert second is not None
    assert (first.id, first.cycles, first.sources["lost"].last_result) == (worker.id, 0, None)
    assert (second.cycles, second.sources["lost"].last_result) == (1, ErrorWord.AUTH)
    assert second.sources["well"].last_result == "ok"
    assert (first.next_due, second.next_due) == (NOW + MINUTE, NOW + 2 * MINUTE)


async def test_a_stamp_contains_its_interval() -> None:
    source, stop = MemorySource(), anyio.Event()
    source.before = set_(stop)

    await Worker(settings(HEARTBEAT_INTERVAL_SECONDS="7"), {"source": source}).run(stop)

    [written] = source.written
    assert written.interval_seconds == 7
    assert written.report is not None
    assert written.report.interval_seconds == 7


async def test_two_workers_on_one_machine_have_different_ids() -> None:
    one, other = (Worker(settings(), {}) for _ in range(2))

    assert one.id != other.id
    assert re.fullmatch(rf"{socket.gethostname()}-{os.getpid()}-[0-9a-f]{{6}}", one.id)


async def test_the_liveness_check_counts_from_the_next_cycle_even_during_one() -> None:
    source, stop, due = MemorySource(), anyio.Event(), list[float]()
    loop().seconds = 1000.0
    worker = Worker(settings(), {"source": source}, now=Clock())
    assert (worker.next_due, worker.lateness_s) == (1000.0, 0.0)

    async def note() -> None:
        due.append(worker.next_due)
        if len(due) == 3:
            stop.set()

    source.before = note
    await worker.run(stop)

    assert due == [1060.0, 1120.0, 1180.0]


async def test_the_observer_gets_every_cycle_and_its_lateness() -> None:
    source, stop, seen = MemorySource(), anyio.Event(), list[tuple[int, float]]()

    def observe(outcomes: Sequence[Outcome]) -> None:
        assert [(each.source, each.result) for each in outcomes] == [("source", "ok")]
        counted = worker.reports["source"].counted
        seen.append((counted.writes["ok"], worker.lateness_s))
        if len(seen) == 3:
            stop.set()

    def late() -> datetime:
        if len(seen) == 1:
            loop().seconds += 0.25  # between the moment that is waited for and the cycle itself
        return NOW + timedelta(seconds=anyio.current_time())

    loop().seconds = 1000.0
    worker = Worker(settings(), {"source": source}, now=late, observe=observe)
    await worker.run(stop)

    assert seen == [(1, 0.0), (2, 0.25), (3, 0.0)]
    report = worker.report(NOW)
    assert report.process.resident_bytes > 1e6
    assert sum(report.sources["source"].counted.durations) == 3


async def test_a_worker_without_any_store_keeps_beating_and_records_every_outcome() -> None:
    sources: dict[str, Source] = {
        name: MemorySource(failures=failing(ErrorWord.PERMISSION)) for name in ("one", "two")
    }

    worker, ledger = await beat(sources, cycles=4)

    assert worker.cycles == 4
    assert [o.result for o in ledger.outcomes] == [ErrorWord.PERMISSION] * 8
    assert worker.reports["one"].breaker is Breaker.OPEN
    assert worker.reports["one"].failing_since == NOW


async def test_a_breaker_is_half_open_while_a_source_is_probed() -> None:
    source, stop, states = MemorySource(failures=failing()), anyio.Event(), list[str]()
    worker = Worker(settings(), {"source": source}, now=Clock())

    async def note() -> None:
        states.append(worker.reports["source"].breaker)
        if worker.cycles == 4:
            stop.set()

    source.before = note
    await worker.run(stop)

    assert list(dict.fromkeys(states)) == [Breaker.CLOSED, Breaker.HALF_OPEN]
    assert states.count(Breaker.HALF_OPEN) == 2  # a probe is one attempt


class ReportingSource(MemorySource):
    """A source that reports facts besides the results of its writes."""

    def add_to(self, report: WorkerReport) -> WorkerReport:
        return report.model_copy(update={"aws_calls": report.cycles + 7})


async def test_the_report_contains_facts_of_sources_and_the_recorder() -> None:
    source = MemorySource()

    await beat({"source": source, "telling": ReportingSource()}, cycles=2)

    report = source.written[1].report
    assert report is not None
    assert set(report.sources) == {"source", "telling"}
    assert report.aws_calls == 8
    assert report.history_waiting == 5


async def test_a_signal_during_a_cycle_lets_the_writes_in_flight_end() -> None:
    source, stop, entered = MemorySource(), anyio.Event(), anyio.Event()

    async def wait_for_the_signal() -> None:
        entered.set()
        await stop.wait()

    source.before = wait_for_the_signal
    ledger = Ledger(enough=100)
    worker = Worker(settings(), {"source": source}, ledger)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run, stop)
        await entered.wait()
        stop.set()

    assert [o.result for o in ledger.outcomes] == ["ok"]
    assert source.stored is not None


async def test_after_a_signal_a_hung_write_has_nine_seconds() -> None:
    source, stop, entered = MemorySource(), anyio.Event(), anyio.Event()

    async def hang() -> None:
        entered.set()
        await anyio.sleep_forever()

    source.before = hang
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Worker(settings(), {"source": source}).run, stop)
        await entered.wait()
        stop.set()

    assert anyio.current_time() == WRITES_S


async def test_a_signal_between_two_cycles_ends_the_wait_at_once() -> None:
    source, stop = MemorySource(), anyio.Event()
    worker = Worker(settings(), {"source": source}, now=Clock())

    with capture_logs() as lines:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run, stop)
            await anyio.sleep(100.0)
            stop.set()

    assert anyio.current_time() == 100.0
    assert events_of(lines) == [
        ("worker_started", None),
        ("cycle", 1),
        ("cycle", 2),
        ("worker_stopped", None),
    ]


async def test_a_healthy_day_is_logged_as_equal_lines() -> None:
    source = MemorySource()

    async def take_a_while() -> None:
        await anyio.sleep(0.0012345)

    source.before = take_a_while
    with capture_logs() as lines:
        worker, _ = await beat({"source": source}, cycles=3)

    start, *cycles, end = lines
    info, written = {"log_level": "info"}, {"source": {"result": "ok", "ms": 1.2}}
    assert start == info | {
        "event": "worker_started",
        "worker": worker.id,
        "version": version(),
        "sources": ["source"],
    }
    assert cycles == [
        info
        | written
        | {
            "event": "cycle",
            "cycle": number + 1,
            "stamp": (NOW + number * MINUTE).isoformat(),
            "lateness_ms": 0.0,
        }
        for number in range(3)
    ]
    assert end == info | {"event": "worker_stopped", "worker": worker.id, "cycles": 3}


async def test_the_log_line_of_a_cycle_has_its_lateness() -> None:
    source, stop = MemorySource(), anyio.Event()
    source.before = set_(stop)

    def late() -> datetime:
        loop().seconds += 0.123456
        return NOW

    with capture_logs() as lines:
        await Worker(settings(), {"source": source}, now=late).run(stop)

    assert [line["lateness_ms"] for line in lines if line["event"] == "cycle"] == [246.9]


async def test_an_outage_is_logged_in_a_readable_sequence() -> None:
    refusal = SourceError(ErrorWord.AUTH, "28P01")
    source, well = MemorySource(), MemorySource()

    async def refuse() -> None:
        source.failures = [refusal] if 1 <= len(source.written) <= 4 else []

    source.before = refuse
    with capture_logs() as lines:
        await beat({"source": source, "well": well}, cycles=7)

    assert events_of(lines) == [
        ("worker_started", None),
        ("cycle", 1),
        ("source_failing", ErrorWord.AUTH),
        ("cycle", 2),
        ("cycle", 3),
        ("breaker_opened", None),
        ("cycle", 4),
        ("cycle", 5),
        ("source_recovered", None),
        ("breaker_closed", None),
        ("cycle", 6),
        ("cycle", 7),
        ("worker_stopped", None),
    ]
    about = {line["event"]: line for line in lines if line.get("source") == "source"}
    assert about == {
        "attempt_failed": about["attempt_failed"],
        "source_failing": {
            "event": "source_failing",
            "log_level": "warning",
            "source": "source",
            "error": ErrorWord.AUTH,
            "detail": "28P01",
            "failing_since": None,
        },
        "breaker_opened": {
            "event": "breaker_opened",
            "log_level": "warning",
            "source": "source",
            "failures": 3,
        },
        "source_recovered": {
            "event": "source_recovered",
            "log_level": "info",
            "source": "source",
            "error": None,
            "detail": None,
            "failing_since": NOW + MINUTE,
        },
        "breaker_closed": {"event": "breaker_closed", "log_level": "info", "source": "source"},
    }


async def test_a_worker_beats_without_a_recorder() -> None:
    source, stop = MemorySource(), anyio.Event()
    source.before = set_(stop)

    await Worker(settings(), {"source": source}).run(stop)

    assert source.stored is not None


async def test_only_failed_attempts_are_logged_at_debug() -> None:
    source = MemorySource(failures=failing(ErrorWord.AUTH, times=1))

    with capture_logs() as lines:
        await beat({"source": source}, cycles=2)

    assert [line for line in lines if line["log_level"] == "debug"] == [
        {
            "event": "attempt_failed",
            "log_level": "debug",
            "source": "source",
            "attempt": 1,
            "error": ErrorWord.AUTH,
            "detail": "",
        }
    ]


async def test_the_start_and_end_of_partial_writes_are_logged() -> None:
    with capture_logs() as lines:
        await beat({"source": PartialSource()}, cycles=6)

    assert events_of(lines) == [
        ("worker_started", None),
        ("cycle", 1),
        ("source_partly_written", ErrorWord.QUOTA),
        ("cycle", 2),
        ("cycle", 3),
        ("cycle", 4),
        ("source_wholly_written", None),
        ("cycle", 5),
        ("cycle", 6),
        ("worker_stopped", None),
    ]
    assert [line["source"] for line in lines if "wholly" in line["event"]] == ["source"]


async def test_a_failed_write_does_not_end_a_partial_one_in_the_log() -> None:
    source = PartialSource()

    async def fail() -> None:
        source.failures = failing(ErrorWord.AUTH, times=1) if len(source.written) == 4 else []

    source.before = fail
    with capture_logs() as lines:
        await beat({"source": source}, cycles=6)

    events = [event for event, _ in events_of(lines) if event != "cycle"]
    assert events == [
        "worker_started",
        "source_partly_written",
        "source_failing",
        "source_recovered",
        "worker_stopped",
    ]


async def test_after_a_signal_no_further_cycle_begins() -> None:
    source, stop = MemorySource(), anyio.Event()
    stop.set()

    await Worker(settings(), {"source": source}).run(stop)

    assert source.written == []


async def test_cycles_missed_by_a_busy_machine_are_skipped_and_logged() -> None:
    source = MemorySource()

    async def block() -> None:
        loop().seconds += {1: 150, 2: 90}.get(len(source.written), 0)

    source.before = block
    with capture_logs() as lines:
        await beat({"source": source}, cycles=5)

    skipped = [line["cycles"] for line in lines if line["event"] == "cycles_skipped"]
    assert skipped == [2, 1]
    assert [b.timestamp for b in source.written] == [
        NOW + minutes * MINUTE for minutes in (0, 1, 4, 6, 7)
    ]


async def test_slots_follow_a_changed_wall_clock() -> None:
    source, clock, ledger = MemorySource(), Clock(), Ledger(enough=4)
    hour = timedelta(hours=1, microseconds=123456)

    async def set_clock() -> None:
        if len(source.written) == 1:
            clock.set = hour

    source.before = set_clock
    with capture_logs() as lines:
        await Worker(settings(), {"source": source}, ledger, now=clock).run(ledger.stop)

    assert [line for line in lines if line["event"] == "clock_was_set"] == [
        {"event": "clock_was_set", "log_level": "warning", "seconds": 3600.123}
    ]
    assert [slot >= NOW + hour for slot in ledger.slots] == [False, False, True, True]
    stamps = [beat.timestamp for beat in source.written]
    assert all(abs(slot - stamp) < hour for slot, stamp in zip(ledger.slots, stamps, strict=True))
