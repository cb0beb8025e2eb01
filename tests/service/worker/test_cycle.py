from collections.abc import Awaitable, Callable
from datetime import timedelta

import anyio
import anyio.lowlevel
import pytest

from schema.errors import RETRYABLE, ErrorWord
from schema.heartbeat import Breaker, Heartbeat, SourceReport
from service.outcome import Outcome
from service.source import Source, SourceError
from service.worker.cycle import after, stamp_all
from tests.fakes import NOW, MemorySource, failing

pytestmark = pytest.mark.anyio

BEAT = Heartbeat(name="worker", timestamp=NOW)
LONG_S = 600.0  # a deadline that no test reaches


@pytest.fixture(autouse=True)
def fast_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.worker.cycle.RETRY_INITIAL_S", 0.0)


def hang() -> Callable[[], Awaitable[None]]:
    return anyio.sleep_forever


async def test_one_stamp_reaches_every_source() -> None:
    sources: dict[str, Source] = {name: MemorySource() for name in ("one", "two", "three")}

    outcomes = await stamp_all(sources, BEAT, LONG_S)

    assert [(o.source, o.result, o.attempts) for o in outcomes] == [
        ("one", "ok", 1),
        ("two", "ok", 1),
        ("three", "ok", 1),
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

    await stamp_all({"slow": slow, "quick": quick}, BEAT, LONG_S)

    assert written.is_set()
    assert slow.stored == quick.stored == BEAT


async def test_a_hung_source_ends_at_its_deadline_as_a_timeout() -> None:
    hung, well = MemorySource(), MemorySource()
    hung.before = hang()

    outcomes = await stamp_all({"hung": hung, "well": well}, BEAT, 0.01)

    assert [o.result for o in outcomes] == [ErrorWord.TIMEOUT, "ok"]


@pytest.mark.parametrize("word", sorted(RETRYABLE))
async def test_what_a_retry_can_heal_is_tried_again(word: ErrorWord) -> None:
    source = MemorySource(failures=failing(word, times=2))

    [outcome] = await stamp_all({"source": source}, BEAT, LONG_S)

    assert (outcome.result, outcome.attempts) == ("ok", 3)
    assert outcome.detail == ""


@pytest.mark.parametrize("word", sorted(set(ErrorWord) - RETRYABLE))
async def test_what_no_retry_can_heal_is_tried_once(word: ErrorWord) -> None:
    source = MemorySource(failures=failing(word))

    [outcome] = await stamp_all({"source": source}, BEAT, LONG_S)

    assert (outcome.result, outcome.attempts) == (word, 1)


async def test_an_open_breaker_makes_one_probe_without_retries() -> None:
    source = MemorySource(failures=failing())

    [outcome] = await stamp_all({"source": source}, BEAT, LONG_S, probed=["source"])

    assert (outcome.result, outcome.attempts) == (ErrorWord.UNREACHABLE, 1)


async def test_when_the_deadline_ends_the_retries_the_last_word_stands() -> None:
    source = MemorySource(failures=failing(ErrorWord.READ_ONLY))

    [outcome] = await stamp_all({"source": source}, BEAT, 0.05)

    assert outcome.result is ErrorWord.READ_ONLY
    assert outcome.attempts > 1


async def test_a_defect_in_one_source_stops_no_other() -> None:
    broken, well = MemorySource(failures=[ZeroDivisionError("secret")]), MemorySource()

    outcomes = await stamp_all({"broken": broken, "well": well}, BEAT, LONG_S)

    assert [o.result for o in outcomes] == [ErrorWord.FAILED, "ok"]
    assert "secret" not in repr(outcomes)


async def test_a_signal_gives_writes_in_flight_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.worker.cycle.DRAIN_S", 0.0)
    hung, stop = MemorySource(), anyio.Event()
    hung.before = hang()
    stop.set()

    [outcome] = await stamp_all({"hung": hung}, BEAT, LONG_S, stop=stop)

    assert outcome.result is ErrorWord.TIMEOUT


async def test_a_part_that_did_not_land_is_a_warning_and_no_failure() -> None:
    class Partly(MemorySource):
        async def write(self, heartbeat: Heartbeat) -> ErrorWord | None:
            await super().write(heartbeat)
            return ErrorWord.QUOTA

    [outcome] = await stamp_all({"partly": Partly()}, BEAT, LONG_S)

    assert (outcome.result, outcome.warning) == ("ok", ErrorWord.QUOTA)


def outcome(*, ok: bool) -> Outcome:
    return Outcome("source", NOW, "ok" if ok else ErrorWord.TIMEOUT, attempts=1)


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


def test_a_failure_keeps_its_beginning_and_the_last_success() -> None:
    later = NOW + timedelta(minutes=1)
    report = after(SourceReport(), outcome(ok=True), NOW)
    report = after(report, outcome(ok=False), NOW)
    report = after(report, outcome(ok=False), later)

    assert (report.failing_since, report.last_success) == (NOW, NOW)
    assert after(report, outcome(ok=True), later).failing_since is None


def test_an_errors_text_names_its_word() -> None:
    assert str(SourceError(ErrorWord.TLS, "CertificateError")) == "tls: CertificateError"
