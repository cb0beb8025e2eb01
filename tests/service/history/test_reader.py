from datetime import datetime, timedelta

import pytest

from schema.errors import ErrorWord
from schema.incidents import IncidentKind, Incidents
from schema.uptime import History, SourceHistory
from service.errors import SourceError
from service.history.ledger import Ledger
from service.history.reader import HistoryReader
from service.history.window import Window, buckets
from service.sources.postgres.store import Postgres
from service.sql.statement import Statement
from tests.service.history_data import at, beat

pytestmark = pytest.mark.anyio

MISSED = ErrorWord.UNREACHABLE
OVER = at(60 * 24)
KEPT = timedelta(days=90)
TITLES = {"valkey": "Valkey", "iam": "AWS IAM Roles Anywhere"}


@pytest.fixture
def past(source: Postgres) -> HistoryReader:
    return HistoryReader(source, "worker", TITLES, 60.0)


async def read(
    past: HistoryReader, start: float, end: float, count: int, now: datetime = OVER
) -> SourceHistory:
    """Read Valkey's history between two minutes."""
    cut = buckets(Window(at(start), at(end)), count, now, KEPT, 60.0)
    return (await past.history(["valkey"], cut, now)).sources[0]


def counts(history: SourceHistory) -> list[tuple[int, int, int]]:
    return [(each.ok, each.failed, each.unknown) for each in history.buckets]


async def test_before_the_first_beat_nothing_was_due(ledger: Ledger, past: HistoryReader) -> None:
    await ledger.add([beat(25), beat(26)])

    history = await read(past, 0, 30, 3)

    assert counts(history) == [(0, 0, 0), (0, 0, 0), (2, 0, 3)]
    assert (history.expected, history.uptime_strict, history.uptime_known) == (5, 0.4, 1.0)


async def test_without_any_beat_there_is_no_uptime(past: HistoryReader) -> None:
    history = await read(past, 0, 30, 3)

    assert counts(history) == [(0, 0, 0)] * 3
    assert (history.uptime_strict, history.uptime_known) == (None, None)


async def test_slots_without_a_beat_are_unknown_and_never_up(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(0), beat(1, MISSED), beat(2), beat(25)])

    history = await read(past, 0, 30, 3)

    assert counts(history) == [(2, 1, 7), (0, 0, 10), (1, 0, 9)]
    assert history.uptime_strict == pytest.approx(3 / 30)
    assert history.uptime_known == pytest.approx(3 / 4)


async def test_a_gap_that_began_before_the_window_counts_in_it(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(-100, interval_s=120), beat(25, interval_s=60)])

    # By the old interval until the bucket in which beats go on, then by the new one.
    assert counts(await read(past, 0, 30, 3)) == [(0, 0, 5), (0, 0, 5), (1, 0, 9)]


async def test_a_beat_that_may_still_arrive_is_not_due(ledger: Ledger, past: HistoryReader) -> None:
    await ledger.add([beat(0), beat(1)])
    three_slots_over = at(5) + timedelta(seconds=31)

    history = await read(past, 0, 5, 5, now=three_slots_over)
    hourly = await read(past, 0, 60, 1, now=three_slots_over)

    assert counts(history) == [(1, 0, 0), (1, 0, 0), (0, 0, 1), (0, 0, 1), (0, 0, 1)]
    earlier = await read(past, 0, 5, 5, now=at(5))
    assert counts(earlier) == [(1, 0, 0), (1, 0, 0), (0, 0, 1), (0, 0, 1), (0, 0, 0)]
    assert counts(hourly) == [(2, 0, 3)]


async def test_hours_have_the_same_counts_from_beats_and_from_the_table(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(2), beat(3, MISSED), beat(200), beat(250)])

    from_beats = await read(past, 0, 360, 6)
    await ledger.count(OVER)
    from_counts = await read(past, 0, 360, 6)

    assert counts(from_counts) == counts(from_beats)
    assert counts(from_counts) == [
        (1, 1, 56),
        (0, 0, 60),
        (0, 0, 60),
        (1, 0, 59),
        (1, 0, 59),
        (0, 0, 60),
    ]


async def test_buckets_of_several_hours_have_the_sums_of_their_hours(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(2), beat(3, MISSED), beat(200), beat(250), beat(1000)])
    await ledger.count(at(300))

    by_hour = await read(past, 0, 60 * 18, 18)
    by_three = await read(past, 0, 60 * 18, 6)

    hours = counts(by_hour)
    sums = [tuple(map(sum, zip(*hours[n : n + 3], strict=True))) for n in range(0, 18, 3)]
    assert counts(by_three) == sums
    assert by_hour.expected == by_three.expected == 18 * 60 - 2


@pytest.mark.parametrize("count", [2, 3, 7, 11, 49, 59, 60, 61, 1999])
async def test_every_slot_is_in_exactly_one_bucket(
    ledger: Ledger, past: HistoryReader, count: int
) -> None:
    missing = {13, 14, 40}
    await ledger.add([beat(n) for n in range(-5, 60) if n not in missing])

    history = await read(past, 0, 60, count)
    odd = await read(past, 1 / 3, 60 + 1 / 3, count)

    assert (history.ok, history.unknown) == (57, 3)
    assert (odd.ok, odd.unknown) == (56, 4)


async def test_counts_are_kept_longer_than_their_beats(ledger: Ledger, past: HistoryReader) -> None:
    await ledger.add([beat(n, latency_ms=2.0) for n in range(120)])
    await ledger.count(OVER)
    before = await read(past, 0, 120, 2)

    await ledger.prune(at(120) + KEPT, KEPT)

    assert await read(past, 0, 120, 2) == before
    assert counts(before) == [(60, 0, 0), (60, 0, 0)]


async def test_percentiles_are_those_of_successful_beats(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(n, latency_ms=n + 1.0) for n in range(20)])
    await ledger.add([beat(20, MISSED, latency_ms=5000.0)])

    (exact,) = (await read(past, 0, 59, 1)).buckets
    (hour,) = (await read(past, 0, 60, 1)).buckets

    assert (exact.latency_p50_ms, exact.latency_p95_ms) == (10.0, 19.0)
    assert hour.latency_p50_ms == pytest.approx(10.0, rel=0.2)
    assert hour.latency_p95_ms == pytest.approx(19.0, rel=0.2)


async def test_each_source_has_its_own_history(ledger: Ledger, past: HistoryReader) -> None:
    await ledger.add([beat(0), beat(0, MISSED, source="iam")])
    cut = buckets(Window(at(0), at(1)), 1, OVER, KEPT, 60.0)

    history: History = await past.history(["iam", "valkey"], cut, OVER)

    assert [(each.source, each.title) for each in history.sources] == [
        ("iam", "AWS IAM Roles Anywhere"),
        ("valkey", "Valkey"),
    ]
    assert [counts(each) for each in history.sources] == [[(0, 1, 0)], [(1, 0, 0)]]


async def test_the_interval_is_that_of_the_newest_beat(ledger: Ledger, past: HistoryReader) -> None:
    cut = buckets(Window(at(0), at(30)), 2, OVER, KEPT, 60.0)
    assert (await past.history(["valkey"], cut, OVER)).interval_seconds == 60.0

    await ledger.add([beat(0, interval_s=60), beat(20, interval_s=300)])

    assert (await past.history(["valkey"], cut, OVER)).interval_seconds == 300.0


async def test_incidents_that_touch_a_window_come_newest_first(
    ledger: Ledger, past: HistoryReader
) -> None:
    failing = (5, 6, 20, 40, 41)
    await ledger.add([beat(n, MISSED if n in failing else None) for n in range(42)])

    everything = await past.incidents(["valkey", "iam"], Window(at(0), at(60)), OVER, 10)
    touching = await past.incidents(["valkey"], Window(at(6), at(20)), OVER, 10)

    assert [(each.start, each.end, each.beats_missed) for each in everything.incidents] == [
        (at(40), None, 2),
        (at(20), at(21), 1),
        (at(5), at(7), 2),
    ]
    assert [each.start for each in touching.incidents] == [at(5)]
    assert touching.incidents[0].error is MISSED


async def listed(
    past: HistoryReader, start: float, end: float, now: datetime = OVER, limit: int = 10
) -> Incidents:
    """Read Valkey's incidents, and the spans without records."""
    return await past.incidents(["valkey", "worker"], Window(at(start), at(end)), now, limit)


def spans(found: Incidents) -> list[tuple[str, datetime, datetime | None, int]]:
    return [(each.source, each.start, each.end, each.beats_missed) for each in found.incidents]


async def test_omitted_incidents_are_counted_and_the_longest_is_included(
    ledger: Ledger, past: HistoryReader
) -> None:
    failing = (5, 6, 7, 20, 30, 40)
    await ledger.add([beat(n, MISSED if n in failing else None) for n in range(1440)])

    found = await listed(past, 0, 1440, limit=2)

    assert [each.start for each in found.incidents] == [at(40), at(30)]
    assert found.total == 4
    assert found.longest is not None
    assert (found.longest.start, found.longest.id) == (at(5), f"valkey-{at(5):%Y%m%dT%H%M%S}Z")


async def test_a_span_without_records_is_an_incident_of_unknown_cause(
    ledger: Ledger, past: HistoryReader
) -> None:
    silent = {*range(10, 14), 30, *range(50, 200)}
    await ledger.add([beat(n) for n in range(1440) if n not in silent])

    found = await listed(past, 0, 1440)

    assert spans(found) == [
        ("worker", at(50), at(200), 150),
        ("worker", at(30), at(31), 1),
        ("worker", at(10), at(14), 4),
    ]
    assert {(each.kind, each.error) for each in found.incidents} == {(IncidentKind.UNKNOWN, None)}
    await ledger.count(OVER)
    assert await listed(past, 0, 1440) == found


async def test_silence_of_a_removed_source_is_not_an_incident(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(n) for n in range(1440)])
    await ledger.add([beat(n, source="iam") for n in range(1440) if n < 10 or n > 30])

    assert spans(await listed(past, 0, 1440)) == []


async def test_silence_begins_with_the_first_missed_beat_and_ends_with_the_next_beat(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(n) for n in range(20)])
    may_still_come = at(21) + timedelta(seconds=29)

    assert spans(await listed(past, 0, 21, may_still_come)) == []
    lasting = await listed(past, 0, 22, at(22))
    assert spans(lasting) == [("worker", at(20), None, 1)]

    await ledger.add([beat(25)])
    assert spans(await listed(past, 0, 26, at(26))) == [("worker", at(20), at(25), 5)]


async def test_silence_that_overlaps_a_window_is_reported_whole(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(0), beat(400), beat(401)])

    for start, end in ((200, 300), (399, 1440), (0, 10)):
        assert spans(await listed(past, start, end))[-1] == ("worker", at(1), at(400), 399)
    assert spans(await listed(past, 400, 402, at(402))) == []


async def test_a_changed_interval_is_not_a_silence(ledger: Ledger, past: HistoryReader) -> None:
    await ledger.add([beat(n) for n in range(10)])
    await ledger.add([beat(10 + n / 12, interval_s=5.0) for n in range(24)])
    await ledger.add([beat(12 + 5 * n, interval_s=300.0) for n in range(300)])

    assert spans(await listed(past, 0, 1440)) == []


async def test_an_interval_that_does_not_divide_the_hour_is_not_a_silence(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(n * 7 / 60, interval_s=7.0) for n in range(2000)])
    await ledger.count(OVER)

    assert spans(await listed(past, 0, 230, at(231))) == []


async def test_silence_is_still_reported_after_its_beats_are_removed(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(n) for n in range(600) if not 50 <= n < 200])
    before = await listed(past, 0, 590, at(600))

    await ledger.count(OVER)
    await ledger.prune(at(600) + KEPT, KEPT)

    assert await listed(past, 0, 590, at(600)) == before
    assert spans(before) == [("worker", at(50), at(200), 150)]


async def test_uptime_is_of_time_and_not_of_slots(ledger: Ledger, past: HistoryReader) -> None:
    """Half an hour of failures weighs the same at one beat a minute as at one in 5 s."""
    await ledger.add([beat(n, MISSED) for n in range(30)])
    await ledger.add([beat(30 + n / 12, interval_s=5.0) for n in range(360)])

    by_beats, by_hours = await read(past, 0, 60, 60), await read(past, 0, 60, 1)
    await ledger.count(OVER)
    by_counts = await read(past, 0, 60, 1)

    for each in (by_beats, by_hours, by_counts):
        assert (each.ok, each.failed) == (360, 30)
        assert (each.ok_seconds, each.failed_seconds, each.unknown_seconds) == (1800, 1800, 0)
        assert (each.uptime_known, each.uptime_strict) == (0.5, 0.5)


async def test_an_hour_of_an_earlier_version_is_weighted_by_its_interval(
    source: Postgres, ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(n, MISSED if n < 15 else None) for n in range(60)])
    await ledger.count(OVER)
    async with source.connection(transaction=True) as connection:
        await connection.rows(Statement("UPDATE heartbeat_hours SET seconds = NULL"))

    history = await read(past, 0, 60, 1)

    assert (history.ok_seconds, history.failed_seconds) == (45 * 60, 15 * 60)


async def test_unrecorded_time_has_the_same_counts_from_beats_and_from_hours(
    ledger: Ledger, past: HistoryReader
) -> None:
    await ledger.add([beat(n) for n in range(200) if not 20 <= n < 150])

    found = [
        await read(past, 0, 240, 240),
        await read(past, 0, 240, 4),
        await read(past, 0, 240, 2),
    ]
    await ledger.count(OVER)
    found += [await read(past, 0, 240, 4), await read(past, 0, 240, 2)]

    told_as = [(each.ok_seconds, each.failed_seconds, each.unknown_seconds) for each in found]
    assert told_as == [(70 * 60, 0, 170 * 60)] * 5


async def test_the_first_beat_is_known_in_every_window(ledger: Ledger, past: HistoryReader) -> None:
    assert (await read(past, 0, 30, 3)).first_beat is None

    await ledger.add([beat(n) for n in range(7, 200)])
    assert (await read(past, 100, 130, 3)).first_beat == at(7)

    await ledger.count(OVER)
    await ledger.prune(at(200) + KEPT, KEPT)
    assert (await read(past, 100, 130, 3)).first_beat == at(7)


async def test_without_postgres_nothing_is_remembered() -> None:
    with pytest.raises(SourceError) as error:
        await read(HistoryReader(None, "worker", TITLES, 60.0), 0, 30, 3)

    assert error.value.word is ErrorWord.NOT_CONFIGURED
