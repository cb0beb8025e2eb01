from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from schema.errors import ErrorWord
from service.history.ledger import Ledger
from service.history.reader import HistoryReader
from service.history.stamps import pages
from service.history.window import Window
from service.sources.postgres.store import Postgres
from tests.service.history_data import at, beat

pytestmark = pytest.mark.anyio

HOUR = Window(at(0), at(60))


@pytest.fixture
def past(source: Postgres) -> HistoryReader:
    return HistoryReader(source, "worker", {"valkey": "Valkey", "postgres": "PostgreSQL"}, 60.0)


async def slots(past: HistoryReader, window: Window, rows: int) -> list[tuple[str, datetime]]:
    found = pages(past.beats, ["valkey", "postgres"], window, rows)
    return [(row.source, row.slot) async for page in found for row in page]


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 6, 1000])
async def test_every_beat_is_read_once_with_any_page_size(
    source: Postgres, past: HistoryReader, rows: int
) -> None:
    minutes = [0, 1, 2, 30, 58, 59]
    beats = [beat(n, source=name) for n in minutes for name in ("postgres", "valkey")]
    await Ledger(source, "worker").add(beats)
    await Ledger(source, "another").add(beats)

    found = await slots(past, HOUR, rows)

    assert found == [(name, at(n)) for name in ("valkey", "postgres") for n in minutes]


async def test_the_window_has_its_start_and_not_its_end(
    source: Postgres, past: HistoryReader
) -> None:
    fine = timedelta(microseconds=1)
    await Ledger(source, "worker").add([beat(n) for n in (0, 1, 2, 3)])

    assert [slot for _, slot in await slots(past, Window(at(1), at(3)), 1)] == [at(1), at(2)]
    late = Window(at(1) + fine, at(3) + fine)
    assert [slot for _, slot in await slots(past, late, 1)] == [at(2), at(3)]


async def test_a_beat_has_every_recorded_field(source: Postgres, past: HistoryReader) -> None:
    recorded = beat(1, ErrorWord.FULL, latency_ms=2.5, interval_s=30.0)
    await Ledger(source, "worker").add([recorded])

    (row,) = await past.beats("valkey", HOUR.start, HOUR.end, 10)

    assert (row.source, row.slot, row.stamp) == (recorded.source, recorded.slot, recorded.stamp)
    assert (row.interval_seconds, row.error, row.attempts) == (30.0, "full", 1)
    assert row.latency_ms == 2.5


async def test_no_page_is_read_ahead(source: Postgres, past: HistoryReader) -> None:
    await Ledger(source, "worker").add([beat(n) for n in range(60)])
    pages_read = 0

    async def counted(*arguments: Any) -> Sequence[Any]:
        nonlocal pages_read
        pages_read += 1
        return await past.beats(*arguments)

    taken = 0
    async for page in pages(counted, ["valkey"], HOUR, 10):
        taken += 1

        assert (pages_read, len(page)) == (taken, 10)
    assert taken == 6
