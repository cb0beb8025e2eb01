"""History from days equals history from the hours that they sum."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.errors import ErrorWord
from schema.history import Record
from service.history.ledger import Ledger
from service.history.reader import HistoryReader
from service.history.window import Buckets
from service.sources.postgres.store import Postgres
from service.sql.statement import Statement
from tests.examples import examples
from tests.service.history_data import rows

pytestmark = pytest.mark.anyio

FIRST = datetime(2026, 11, 2, tzinfo=UTC)
OVER = FIRST + timedelta(days=9)
MINUTES = 8 * 24 * 60
TABLES = "heartbeat_beats, heartbeat_hours, heartbeat_days, heartbeat_incidents"


def beat(minute: int, name: str = "valkey", error: ErrorWord | None = None) -> Record:
    slot = FIRST + timedelta(minutes=minute)
    return Record(
        source=name,
        slot=slot,
        interval_seconds=600.0,
        stamp=slot,
        error=error,
        attempts=1,
        latency_ms=1.0 + minute % 7,
    )


async def execute(source: Postgres, statement: str) -> None:
    async with source.connection() as connection:
        await connection.rows(Statement(statement))


async def days(source: Postgres) -> list[Any]:
    query = "SELECT day, ok, failed, unknown, before FROM heartbeat_days ORDER BY source, day"
    return await rows(source, query)


async def counts_of(source: Postgres, cut: Buckets) -> Any:
    past = HistoryReader(source, "worker", {"postgres": "", "valkey": ""}, 600.0)
    return await past.history(["postgres", "valkey"], cut, OVER)


async def test_a_day_is_summed_once_it_is_over_and_all_its_hours_are_counted(
    source: Postgres,
) -> None:
    ledger = Ledger(source, "worker")
    await ledger.add([beat(10 * n) for n in range(6, 145)])  # from 01:00 on, and into the next day

    await ledger.count(FIRST + timedelta(hours=25))
    assert await days(source) == []
    await ledger.count(FIRST + timedelta(hours=26))

    assert await days(source) == [(FIRST, 138, 0, 0, 6)]


async def test_a_late_beat_removes_its_day_until_its_hours_are_counted_again(
    source: Postgres,
) -> None:
    ledger = Ledger(source, "worker")
    await ledger.add([beat(10 * n) for n in range(288) if n != 30])
    await ledger.count(OVER)
    assert [row[1:4] for row in await days(source)] == [(143, 0, 1), (144, 0, 0)]

    await ledger.add([beat(300, error=ErrorWord.TIMEOUT)])
    assert [row[0] for row in await days(source)] == [FIRST + timedelta(days=1)]
    await ledger.count(OVER)

    assert [row[1:4] for row in await days(source)] == [(143, 1, 0), (144, 0, 0)]


async def test_a_wrong_day_of_a_previous_version_is_summed_again(source: Postgres) -> None:
    ledger = Ledger(source, "worker")
    await ledger.add([beat(10 * n) for n in range(144)])
    await ledger.count(OVER)
    right = await days(source)
    await execute(source, "UPDATE heartbeat_days SET ok = ok - 1, failed = failed + 1")

    await ledger.count(OVER)

    assert await days(source) == right == [(FIRST, 144, 0, 0, 0)]


async def test_days_beyond_the_retention_are_removed_with_their_hours(source: Postgres) -> None:
    ledger = Ledger(source, "worker")
    await ledger.add([beat(10 * n) for n in range(144)])
    await ledger.count(OVER)

    await ledger.prune(FIRST + timedelta(days=402), timedelta(days=1))
    await ledger.count(FIRST + timedelta(days=402))

    assert await days(source) == []


WIDTHS = [timedelta(hours=hours) for hours in (1, 5, 24, 48, 98, 168)]


@given(
    beats=st.sets(st.integers(0, MINUTES // 10 - 1), min_size=1, max_size=60),
    failed=st.integers(1, 9),
    width=st.sampled_from(WIDTHS),
    offset=st.integers(0, 30),
)
@settings(
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_a_window_has_the_same_counts_from_days_and_from_hours(
    source: Postgres, beats: set[int], failed: int, width: timedelta, offset: int
) -> None:
    await execute(source, f"TRUNCATE {TABLES}")
    ledger = Ledger(source, "worker")
    await ledger.add(
        [
            beat(10 * n, name, ErrorWord.TIMEOUT if n % failed == 0 else None)
            for n in beats
            for name in ("postgres", "valkey")
            if n % 3 or name == "valkey"
        ]
    )
    start = FIRST + timedelta(hours=offset)
    cut = Buckets(start, width, max(1, (OVER - start) // width), hourly=True)
    from_beats = await counts_of(source, cut)
    await ledger.count(OVER)
    assert await days(source)

    with_days = await counts_of(source, cut)
    await execute(source, "TRUNCATE heartbeat_days")

    assert with_days == from_beats == await counts_of(source, cut)
