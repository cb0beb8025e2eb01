"""One contract for every source, on which worker and API rely."""

from datetime import UTC, datetime, timedelta

import pytest

from schema.heartbeat import Heartbeat, SourceReport, WorkerReport
from schema.timestamps import utc_now
from service.source import Source
from service.sources import KINDS

pytestmark = pytest.mark.anyio

NAMES = [*(kind.name for kind in KINDS if kind.keeps_stamp), "memory"]
COMPARE_AND_SET = [name for name in NAMES if name != "secrets_manager"]  # AWS has none there


def beat(
    author: str, timestamp: datetime | None = None, report: WorkerReport | None = None
) -> Heartbeat:
    now = timestamp or utc_now()
    return Heartbeat(name=author, timestamp=now, interval_seconds=60, report=report)


def report() -> WorkerReport:
    return WorkerReport(
        id="here-1",
        version="1",
        started_at=utc_now(),
        interval_seconds=60,
        next_due=utc_now(),
        cycles=7,
        sources={"postgres": SourceReport(last_result="ok", attempts=2, latency_ms=1.5)},
    )


@pytest.mark.parametrize("store", [n for n in NAMES if n != "secrets_manager"], indirect=True)
async def test_a_store_without_a_stamp_reports_none(source: Source) -> None:
    found = await source.read()

    assert found.reachable
    assert found.stamp is None


@pytest.mark.parametrize("store", NAMES, indirect=True)
async def test_a_written_stamp_is_read_back_equal(source: Source, author: str) -> None:
    heartbeat = beat(author, report=report())

    assert await source.write(heartbeat) is None

    found = await source.read()
    assert found.stamp == heartbeat.timestamp
    assert found.stamp.utcoffset() == timedelta(0)
    assert found.report == heartbeat.report
    assert found.interval_s == 60
    assert found.error is None


@pytest.mark.parametrize("store", NAMES, indirect=True)
async def test_a_later_write_wins(source: Source, author: str) -> None:
    first, second = beat(author, utc_now() - timedelta(seconds=1)), beat(author)

    await source.write(first)
    await source.write(second)

    assert (await source.read()).stamp == second.timestamp


@pytest.mark.parametrize("store", COMPARE_AND_SET, indirect=True)
async def test_an_older_stamp_never_replaces_a_newer_one(source: Source, author: str) -> None:
    newer = beat(author, utc_now() - timedelta(seconds=1))
    older = beat(author, utc_now() - timedelta(seconds=2))

    await source.write(newer)
    await source.write(older)

    assert (await source.read()).stamp == newer.timestamp


@pytest.mark.parametrize("store", NAMES, indirect=True)
async def test_microseconds_are_kept(source: Source, author: str) -> None:
    now = utc_now()  # an earlier stamp would not replace that of the test before in the one secret
    heartbeat = beat(author, now.replace(microsecond=now.microsecond | 1))

    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


@pytest.mark.parametrize("store", NAMES, indirect=True)
async def test_writing_the_same_stamp_twice_is_not_an_error(source: Source, author: str) -> None:
    heartbeat = beat(author)

    await source.write(heartbeat)
    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


@pytest.mark.parametrize("store", NAMES, indirect=True)
async def test_it_can_be_closed_twice(source: Source, author: str) -> None:
    await source.write(beat(author, datetime.now(UTC)))

    await source.close()
    await source.close()
