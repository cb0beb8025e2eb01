"""History equals the counts of its beats, in whatever order they arrive."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.errors import ErrorWord
from schema.history import LATENCY_BOUNDS_MS, LATENCY_BUCKETS, Record
from service.history.ledger import Ledger
from service.history.reader import HistoryReader
from service.history.window import Window, buckets
from service.sources.postgres.store import Postgres
from service.sql.statement import Statement
from tests.examples import examples
from tests.service.history_data import HOUR, at, beat, rows

pytestmark = pytest.mark.anyio

HOURS = 5
OVER = at(60 * 24)
ERRORS = (None, None, None, ErrorWord.TIMEOUT, ErrorWord.READ_ONLY)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Record]]:
    """Generate beats with changing intervals, gaps, duplicates, failures, in shuffled batches."""
    beats: list[Record] = []
    for name in ("postgres", "valkey"):
        minute = draw(st.integers(0, 90))
        while minute < HOURS * 60:
            interval = draw(st.sampled_from([5, 10, 30]))  # minutes
            minute = -(-minute // interval) * interval
            for _ in range(draw(st.integers(1, 12))):
                error = draw(st.sampled_from(ERRORS))
                latency = draw(st.sampled_from([0.05, 0.3, 1.0, 12.5, 90_000.0]))
                beats.append(beat(minute, error, name, interval * 60.0, latency))
                minute += interval
            minute += draw(st.sampled_from([0, 0, 5, 35, 130]))
    again = draw(st.lists(st.sampled_from(beats), max_size=5))
    order = random.Random(draw(st.integers()))
    mixed = beats + [beat(_minute(each), ErrorWord.FAILED, each.source) for each in again]
    if draw(st.booleans()):
        order.shuffle(mixed)
    size = draw(st.integers(1, len(mixed)))
    return [mixed[n : n + size] for n in range(0, len(mixed), size)]


@given(batches=histories(), counted_between=st.booleans())
@settings(
    max_examples=examples(30),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_hours_and_incidents_are_exactly_those_of_the_beats(
    source: Postgres, batches: list[list[Record]], counted_between: bool
) -> None:
    async with source.connection() as connection:
        await connection.rows(
            Statement(
                "TRUNCATE heartbeat_beats, heartbeat_hours, heartbeat_days, heartbeat_incidents"
            )
        )
    ledger = Ledger(source, "worker")
    for batch in batches:
        await ledger.add(batch)
        if counted_between:
            await ledger.count(OVER)
    came = [each for batch in batches for each in batch]
    first = {(each.source, each.slot): each for each in reversed(came)}
    beats = sorted(first.values(), key=lambda each: (each.source, each.slot))

    from_beats = await history_of(source)
    await ledger.count(OVER)

    assert await hours(source) == expected_hours(beats)
    assert await incidents(source) == expected_incidents(beats)
    assert await history_of(source) == from_beats
    assert from_beats == expected_history(beats)
    await ledger.count(OVER)  # once more changes nothing
    assert await hours(source) == expected_hours(beats)


async def history_of(source: Postgres) -> list[Any]:
    """Return the API's counts of each hour."""
    past = HistoryReader(source, "worker", {"postgres": "", "valkey": ""}, 60.0)
    cut = buckets(Window(HOUR, at(60 * HOURS)), HOURS, OVER, timedelta(days=90), 60.0)
    history = await past.history(["postgres", "valkey"], cut, OVER)
    return [[(b.ok, b.failed, b.unknown) for b in each.buckets] for each in history.sources]


async def hours(source: Postgres) -> list[Any]:
    return await rows(
        source,
        "SELECT source, hour, ok, failed, unknown, before, interval_seconds, latencies "
        "FROM heartbeat_hours WHERE NOT dirty ORDER BY source, hour",
    )


async def incidents(source: Postgres) -> list[Any]:
    return await rows(
        source,
        "SELECT source, began, ended, error, missed FROM heartbeat_incidents "
        "ORDER BY source, began",
    )


def expected_hours(beats: Iterable[Record]) -> list[Any]:
    by_hour: dict[tuple[str, datetime], list[Record]] = defaultdict(list)
    for each in beats:
        by_hour[each.source, each.slot.replace(minute=0)].append(each)
    return [
        (
            source,
            hour,
            sum(each.error is None for each in group),
            sum(each.error is not None for each in group),
            sum(
                steps(each, later)
                for each, later in zip(
                    group,
                    [*(each.slot for each in group[1:]), hour + timedelta(hours=1)],
                    strict=True,
                )
            ),
            int((group[0].slot - hour).total_seconds() // group[0].interval_seconds),
            group[-1].interval_seconds,
            histogram(group),
        )
        for (source, hour), group in by_hour.items()
    ]


def expected_history(beats: Iterable[Record]) -> list[Any]:
    """Count hour by hour; an hour without beats has the interval of the beat before it."""
    counted: dict[str, dict[datetime, Any]] = {"postgres": {}, "valkey": {}}
    for row in expected_hours(beats):
        counted[row[0]][row[1]] = row
    history = []
    for of_source in counted.values():
        interval_s, told_hours = None, []
        for hour in (HOUR + timedelta(hours=n) for n in range(HOURS)):
            ok, failed, unknown = 0, 0, int(3600 / interval_s) if interval_s else 0
            if hour in of_source:
                _, _, ok, failed, unknown, before, latest_s, _ = of_source[hour]
                unknown += before if interval_s else 0
                interval_s = latest_s
            told_hours.append((ok, failed, unknown))
        history.append(told_hours)
    return history


def expected_incidents(beats: Iterable[Record]) -> list[Any]:
    found: list[list[Any]] = []
    lasting: dict[str, list[Any]] = {}
    for each in beats:
        if each.error is None:
            if each.source in lasting:
                lasting.pop(each.source)[2] = each.slot
        elif each.source in lasting:
            lasting[each.source][4] += 1
        else:
            lasting[each.source] = [each.source, each.slot, None, each.error, 1]
            found.append(lasting[each.source])
    return [tuple(each) for each in found]


def steps(each: Record, until: datetime) -> int:
    """Return how many slots are between a beat and a time."""
    count, interval = 0, timedelta(seconds=each.interval_seconds)
    while each.slot + (count + 1) * interval < until:
        count += 1
    return count


def histogram(beats: Iterable[Record]) -> list[int]:
    counts = [0] * LATENCY_BUCKETS
    for each in beats:
        if each.error is None:
            counts[sum(bound <= each.latency_ms for bound in LATENCY_BOUNDS_MS)] += 1
    return counts


def _minute(each: Record) -> float:
    return (each.slot - HOUR).total_seconds() / 60
