from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from structlog.testing import capture_logs

from schema.errors import RETRYABLE, Cause, ErrorWord
from schema.heartbeat import Breaker, Heartbeat, SourceReport
from service.errors import Shortfall, SourceError
from service.outcome import Outcome
from service.source import Source
from service.worker.cycle import after, stamp_all
from tests.fakes import NOW, MemorySource, failing
from tests.service.worker.simulated import BACKEND, TIME

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return BACKEND


BEAT = Heartbeat(name="worker", timestamp=NOW)
DEADLINE_S = 20.0


@pytest.fixture(autouse=True)
def simulated_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.worker.write.time", TIME)


def hang() -> Callable[[], Awaitable[None]]:
    return anyio.sleep_forever


async def test_one_stamp_reaches_every_source() -> None:
    sources: dict[str, Source] = {name: MemorySource() for name in ("one", "two", "three")}

    outcomes = await stamp_all(sources, BEAT, DEADLINE_S)

    assert [(o.source, o.stamp, o.result, o.attempts) for o in outcomes] == [
        ("one", NOW, "ok", 1),
        ("two", NOW, "ok", 1),
        ("three", NOW, "ok", 1),
    ]
    assert {s.stored for s in sources.values() if isinstance(s, MemorySource)} == {BEAT}


async def test_a_slow_source_does_not_delay_the_others() -> None:
    slow, quick = MemorySource(), MemorySource()
    written = anyio.Event()

    async def wait_for_the_other() -> None:
        while not quick.written:
            await anyio.lowlevel.checkpoint()
        written.set()

    slow.before = wait_for_the_other

    await stamp_all({"slow": slow, "quick": quick}, BEAT, DEADLINE_S)

    assert written.is_set()
    assert slow.stored == quick.stored == BEAT


async def test_a_hung_source_ends_at_its_deadline_as_a_timeout() -> None:
    hung, well = MemorySource(), MemorySource()
    hung.before = hang()

    outcomes = await stamp_all({"hung": hung, "well": well}, BEAT, DEADLINE_S)

    assert [o.result for o in outcomes] == [ErrorWord.TIMEOUT, "ok"]
    assert [(o.attempts, o.detail) for o in outcomes] == [(1, ""), (1, "")]
    assert anyio.current_time() == DEADLINE_S


@pytest.mark.parametrize("word", sorted(RETRYABLE))
async def test_transient_errors_are_retried(word: ErrorWord) -> None:
    source = MemorySource(failures=failing(word, times=2))

    [outcome] = await stamp_all({"source": source}, BEAT, DEADLINE_S)

    assert (outcome.result, outcome.attempts) == ("ok", 3)
    assert outcome.detail == ""


@pytest.mark.parametrize("word", sorted(set(ErrorWord) - RETRYABLE))
async def test_permanent_errors_are_not_retried(word: ErrorWord) -> None:
    source = MemorySource(failures=failing(word))

    [outcome] = await stamp_all({"source": source}, BEAT, DEADLINE_S)

    assert (outcome.result, outcome.attempts) == (word, 1)


async def test_a_write_that_succeeds_sets_up_no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("service.worker.write.stamina.retry_context", refuse)

    [outcome] = await stamp_all({"source": MemorySource()}, BEAT, DEADLINE_S)

    assert (outcome.result, outcome.attempts) == ("ok", 1)


async def test_an_open_breaker_makes_one_probe_without_retries() -> None:
    source = MemorySource(failures=failing())

    [outcome] = await stamp_all({"source": source}, BEAT, DEADLINE_S, probed=["source"])

    assert (outcome.result, outcome.attempts) == (ErrorWord.UNREACHABLE, 1)


async def test_retries_back_off_with_jitter_up_to_five_seconds() -> None:
    source, tries = MemorySource(failures=failing()), list[float]()

    async def note() -> None:
        tries.append(anyio.current_time())

    source.before = note

    await stamp_all({"source": source}, BEAT, 60.0)

    pauses = [later - earlier for earlier, later in pairwise(tries)]
    least = [0.2, 0.4, 0.8, 1.6, 3.2, *[5.0] * (len(pauses) - 5)]
    assert len(pauses) > 10
    by_chance = [pause - lowest for pause, lowest in zip(pauses, least, strict=True)]
    assert all(-1e-9 < part < 0.2 for part in by_chance)
    assert max(by_chance) > 1e-6
    assert all(pause < 5.0 + 1e-9 for pause in pauses)


async def test_a_latency_is_that_of_the_last_attempt() -> None:
    source = MemorySource(failures=failing(times=1))

    async def take_long() -> None:
        await anyio.sleep(1.5 if source.written else 7.0)

    source.before = take_long

    [outcome] = await stamp_all({"source": source}, BEAT, DEADLINE_S)

    assert outcome.attempts == 2
    assert outcome.latency_ms == pytest.approx(1500)


async def test_after_the_deadline_the_outcome_has_the_last_attempts_word() -> None:
    source = MemorySource(failures=[SourceError(ErrorWord.READ_ONLY, "25006")] * 100)

    [outcome] = await stamp_all({"source": source}, BEAT, DEADLINE_S)

    assert (outcome.result, outcome.detail) == (ErrorWord.READ_ONLY, "25006")
    assert outcome.attempts > 4
    assert anyio.current_time() == DEADLINE_S


async def test_a_defect_in_one_source_does_not_stop_the_others() -> None:
    broken, well = MemorySource(failures=[ZeroDivisionError("secret")]), MemorySource()

    with capture_logs() as lines:
        outcomes = await stamp_all({"broken": broken, "well": well}, BEAT, DEADLINE_S)

    assert [(o.result, o.detail) for o in outcomes] == [
        (ErrorWord.FAILED, "ZeroDivisionError"),
        ("ok", ""),
    ]
    assert "secret" not in repr(outcomes)
    assert lines == [
        {"event": "source_defect", "source": "broken", "log_level": "error", "exc_info": True}
    ]


@pytest.mark.parametrize(
    ("at_s", "ends_s"), [(0.0, 9.0), (5.0, 14.0), (15.0, DEADLINE_S)], ids="{}".format
)
async def test_after_a_signal_writes_in_flight_have_nine_seconds_or_their_deadline(
    at_s: float, ends_s: float
) -> None:
    hung, slow, stop = MemorySource(), MemorySource(), anyio.Event()
    hung.before = hang()

    async def take_almost_as_long() -> None:
        await anyio.sleep_until(ends_s - 0.001)

    async def send_signal() -> None:
        await anyio.sleep(at_s)
        stop.set()

    slow.before = take_almost_as_long
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send_signal)
        outcomes = await stamp_all({"hung": hung, "slow": slow}, BEAT, DEADLINE_S, stop=stop)

        assert anyio.current_time() == ends_s
    assert [o.result for o in outcomes] == [ErrorWord.TIMEOUT, "ok"]


async def test_a_partial_write_is_a_warning_and_not_a_failure() -> None:
    class PartialSource(MemorySource):
        async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
            await super().write(heartbeat)
            return Shortfall(ErrorWord.PERMISSION, Cause.KEY_DENIED, "AccessDenied")

    [outcome] = await stamp_all({"partly": PartialSource()}, BEAT, DEADLINE_S)

    assert (outcome.result, outcome.warning) == ("ok", ErrorWord.PERMISSION)
    assert (outcome.cause, outcome.detail) == (Cause.KEY_DENIED, "AccessDenied")


def outcome(*, ok: bool, minute: int = 0) -> Outcome:
    stamp = NOW + timedelta(minutes=minute)
    return Outcome("source", stamp, "ok" if ok else ErrorWord.TIMEOUT, attempts=minute + 1)


def test_the_breaker_opens_after_three_failed_cycles_and_closes_with_one_success() -> None:
    report, states = SourceReport(), []
    for ok in (True, False, False, False, False, True, False):
        report = after(report, outcome(ok=ok), NOW)
        states.append((report.consecutive_failures, report.breaker))

    assert states == [
        (0, Breaker.CLOSED),
        (1, Breaker.CLOSED),
        (2, Breaker.CLOSED),
        (3, Breaker.OPEN),
        (4, Breaker.OPEN),
        (0, Breaker.CLOSED),
        (1, Breaker.CLOSED),
    ]


def test_repeated_failures_keep_the_first_failure_and_the_last_success() -> None:
    first, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    report = after(SourceReport(), outcome(ok=True), NOW)
    report = after(report, outcome(ok=False, minute=1), first)
    report = after(report, outcome(ok=False, minute=2), later)

    assert (report.failing_since, report.last_success) == (first, NOW)
    healed = after(report, outcome(ok=True, minute=3), later)
    assert (healed.failing_since, healed.last_success) == (None, NOW + timedelta(minutes=3))


def test_a_report_has_attempts_and_the_latency_in_microseconds() -> None:
    report = after(
        SourceReport(), Outcome("source", NOW, "ok", attempts=2, latency_ms=1.23456), NOW
    )

    assert (report.attempts, report.latency_ms) == (2, 1.235)


def test_an_errors_text_names_its_word() -> None:
    assert str(SourceError(ErrorWord.TLS, "CertificateError")) == "tls: CertificateError"
