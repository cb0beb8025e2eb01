import time
from collections.abc import MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from schema.errors import ErrorWord
from schema.heartbeat import Breaker, Heartbeat
from service.outcome import Outcome
from service.settings import ProcessSettings
from service.source import Source
from service.worker.loop import Worker
from tests.fakes import NOW, MemorySource, failing

pytestmark = pytest.mark.anyio


class Ledger:
    """Keeps what is recorded, and sets an event when enough cycles have been."""

    def __init__(self, enough: int) -> None:
        self.slots: list[datetime] = []
        self.outcomes: list[Outcome] = []
        self.stop = anyio.Event()
        self._enough = enough

    def record(self, slot: datetime, interval_s: float, outcomes: Sequence[Outcome]) -> None:
        assert interval_s > 0
        self.slots.append(slot)
        self.outcomes += outcomes
        if len(self.slots) >= self._enough:
            self.stop.set()


class Clock:
    """A wall clock that goes on steadily from `NOW`, until it is set."""

    def __init__(self) -> None:
        self.set = timedelta()
        self._started = anyio.current_time()

    def __call__(self) -> datetime:
        return NOW + self.set + timedelta(seconds=anyio.current_time() - self._started)


def settings(**changes: str) -> ProcessSettings:
    return ProcessSettings.model_validate({"HEARTBEAT_INTERVAL_SECONDS": "0.05"} | changes)


def told(lines: Sequence[MutableMapping[str, Any]]) -> list[tuple[str, Any]]:
    """The story in a log: what changed, and the error that it names."""
    quiet = {"cycle", "attempt_failed"}
    return [(line["event"], line.get("error")) for line in lines if line["event"] not in quiet]


async def beat(sources: dict[str, Source], cycles: int) -> tuple[Worker, Ledger]:
    ledger = Ledger(enough=cycles)
    worker = Worker(settings(), sources, ledger, now=Clock())
    await worker.run(ledger.stop)
    return worker, ledger


async def test_the_first_cycle_runs_at_once_and_one_stamp_goes_to_every_source() -> None:
    one, two = MemorySource(), MemorySource()

    worker, _ = await beat({"one": one, "two": two}, cycles=1)

    assert worker.cycles == 1
    assert [b.timestamp for b in one.written] == [b.timestamp for b in two.written]
    assert one.written[0].name == "worker"


async def test_each_cycle_has_a_stamp_of_its_own() -> None:
    source = MemorySource()

    await beat({"source": source}, cycles=3)

    stamps = [b.timestamp for b in source.written]
    assert len(set(stamps)) == 3
    assert stamps == sorted(stamps)


async def test_the_report_travels_with_the_stamp_and_tells_of_the_cycle_before() -> None:
    lost, well = MemorySource(failures=failing(ErrorWord.AUTH)), MemorySource()

    worker, _ = await beat({"lost": lost, "well": well}, cycles=2)

    first, second = (b.report for b in well.written)
    assert first is not None
    assert second is not None
    assert (first.id, first.cycles, first.sources["lost"].last_result) == (worker.id, 0, None)
    assert (second.cycles, second.sources["lost"].last_result) == (1, ErrorWord.AUTH)
    assert second.sources["well"].last_result == "ok"
    assert second.interval_seconds == 0.05


async def test_a_worker_whose_stores_are_all_down_beats_on_and_records_every_outcome() -> None:
    sources: dict[str, Source] = {
        name: MemorySource(failures=failing(ErrorWord.PERMISSION)) for name in ("one", "two")
    }

    worker, ledger = await beat(sources, cycles=4)

    assert worker.cycles == 4
    assert [o.result for o in ledger.outcomes] == [ErrorWord.PERMISSION] * 8
    assert worker.reports["one"].breaker is Breaker.OPEN


async def test_the_identity_is_reported_beside_the_sources() -> None:
    source = MemorySource()

    await beat({"source": source, "iam": MemorySource()}, cycles=2)

    report = source.written[1].report
    assert report is not None
    assert set(report.sources) == {"source"}
    assert report.iam is not None
    assert report.iam.last_result == "ok"


async def test_a_signal_during_a_cycle_lets_the_writes_in_flight_end() -> None:
    source, stop, entered = MemorySource(), anyio.Event(), anyio.Event()

    async def wait_for_the_signal() -> None:
        entered.set()
        await stop.wait()

    source.before = wait_for_the_signal
    ledger = Ledger(enough=100)
    # A long interval, so that nothing but the signal ends the wait.
    worker = Worker(settings(HEARTBEAT_INTERVAL_SECONDS="3600"), {"source": source}, ledger)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run, stop)
        await entered.wait()
        stop.set()

    assert [o.result for o in ledger.outcomes] == ["ok"]
    assert source.stored is not None


async def test_a_day_of_health_reads_as_equal_lines() -> None:
    with capture_logs() as lines:
        await beat({"source": MemorySource()}, cycles=3)

    events = [line["event"] for line in lines]
    assert events == ["worker_started", "cycle", "cycle", "cycle", "worker_stopped"]
    assert {frozenset(line) for line in lines if line["event"] == "cycle"} == {
        frozenset({"event", "log_level", "cycle", "stamp", "lateness_ms", "source"})
    }


async def test_an_outage_reads_as_its_story() -> None:
    source = MemorySource(failures=failing(ErrorWord.AUTH, times=4))

    with capture_logs() as lines:
        await beat({"source": source}, cycles=6)

    assert told(lines) == [
        ("worker_started", None),
        ("source_failing", ErrorWord.AUTH),
        ("breaker_opened", None),
        ("source_recovered", None),
        ("breaker_closed", None),
        ("worker_stopped", None),
    ]


async def test_without_a_recorder_a_worker_beats_all_the_same() -> None:
    source, stop = MemorySource(), anyio.Event()

    async def stop_then() -> None:
        if len(source.written) == 1:
            stop.set()

    source.before = stop_then

    await Worker(settings(), {"source": source}).run(stop)

    assert source.stored is not None


async def test_each_attempt_is_told_at_debug_and_nothing_else_is() -> None:
    source = MemorySource(failures=failing(ErrorWord.AUTH, times=1))

    with capture_logs() as lines:
        await beat({"source": source}, cycles=2)

    [attempt] = [line for line in lines if line["log_level"] == "debug"]
    assert (attempt["event"], attempt["attempt"], attempt["error"]) == (
        "attempt_failed",
        1,
        ErrorWord.AUTH,
    )


async def test_a_part_that_is_not_written_has_its_beginning_and_its_end_in_the_log() -> None:
    class Partly(MemorySource):
        async def write(self, heartbeat: Heartbeat) -> ErrorWord | None:
            await super().write(heartbeat)
            return ErrorWord.QUOTA if len(self.written) in {2, 3} else None

    with capture_logs() as lines:
        await beat({"source": Partly()}, cycles=5)

    assert told(lines) == [
        ("worker_started", None),
        ("source_partly_written", ErrorWord.QUOTA),
        ("source_wholly_written", None),
        ("worker_stopped", None),
    ]


async def test_after_a_signal_no_further_cycle_begins() -> None:
    source, stop = MemorySource(), anyio.Event()
    stop.set()

    await Worker(settings(), {"source": source}).run(stop)

    assert source.written == []


async def test_cycles_that_a_busy_machine_missed_are_skipped_and_told() -> None:
    source = MemorySource()

    async def block() -> None:
        if not source.written:
            time.sleep(0.12)

    source.before = block
    with capture_logs() as lines:
        await beat({"source": source}, cycles=2)

    assert ("cycles_skipped", None) in told(lines)


async def test_slots_follow_a_wall_clock_that_was_set() -> None:
    source, clock, ledger = MemorySource(), Clock(), Ledger(enough=4)
    hour = timedelta(hours=1)

    async def set_clock() -> None:
        if len(source.written) == 1:
            clock.set = hour

    source.before = set_clock
    with capture_logs() as lines:
        await Worker(settings(), {"source": source}, ledger, now=clock).run(ledger.stop)

    assert told(lines).count(("clock_was_set", None)) == 1
    assert [slot >= NOW + hour for slot in ledger.slots] == [False, False, True, True]
    stamps = [beat.timestamp for beat in source.written]
    assert all(abs(slot - stamp) < hour for slot, stamp in zip(ledger.slots, stamps, strict=True))
