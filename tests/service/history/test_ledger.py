from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import pytest

from schema.errors import ErrorWord
from schema.history import LATENCY_BOUNDS_MS, LATENCY_BUCKETS, Record
from schema.timestamps import utc_now
from service.history.ledger import AT_ONCE, Ledger
from service.sources.postgres.store import Postgres
from service.sql.expressions.beats import HISTORY_LOCK
from service.sql.statement import Statement
from tests.service.history_data import HOUR, at, beat, connected, rows

pytestmark = pytest.mark.anyio

MISSED = ErrorWord.UNREACHABLE
OVER = at(60 * 3)
DAY = timedelta(days=1)


async def beats(source: Postgres) -> list[Any]:
    return await rows(source, "SELECT slot, error FROM heartbeat_beats ORDER BY source, slot")


async def hours(source: Postgres) -> list[Any]:
    return await rows(
        source,
        "SELECT hour, ok, failed, unknown, before, dirty, pruned FROM heartbeat_hours "
        "ORDER BY source, hour",
    )


async def incidents(source: Postgres) -> list[Any]:
    return await rows(
        source,
        "SELECT began, ended, error, missed FROM heartbeat_incidents ORDER BY source, began",
    )


async def test_a_beat_is_kept_as_it_was_recorded(source: Postgres, ledger: Ledger) -> None:
    await ledger.add([beat(0, ErrorWord.READ_ONLY, latency_ms=12.5)])

    query = (
        "SELECT name, source, slot, interval_seconds, stamp, error, attempts, latency_ms "
        "FROM heartbeat_beats"
    )
    stamp = HOUR + timedelta(seconds=7)
    expected = ("worker", "valkey", HOUR, 60.0, stamp, "read_only", 1, 12.5)
    assert await rows(source, query) == [expected]


async def test_the_first_of_two_beats_of_a_slot_is_kept(source: Postgres, ledger: Ledger) -> None:
    await ledger.add([beat(0, MISSED)])
    await ledger.add([beat(0), beat(1)])

    assert await beats(source) == [(at(0), "unreachable"), (at(1), None)]


async def test_two_workers_at_once_add_each_slot_once(source: Postgres, ledger: Ledger) -> None:
    records = [beat(minute) for minute in range(50)]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ledger.add, records)
        tasks.start_soon(Ledger(source, "worker").add, records)

    assert await beats(source) == [(at(minute), None) for minute in range(50)]


async def test_another_author_has_a_history_of_its_own(source: Postgres, ledger: Ledger) -> None:
    await ledger.add([beat(0, MISSED)])
    await Ledger(source, "other").add([beat(0)])

    assert len(await beats(source)) == 2
    assert await incidents(source) == [(at(0), None, "unreachable", 1)]


async def test_a_slot_in_the_future_is_not_stored(source: Postgres, ledger: Ledger) -> None:
    ahead = replace(beat(0), slot=utc_now() + timedelta(minutes=3))

    assert await ledger.add([ahead, beat(1)]) == 1
    assert await beats(source) == [(at(1), None)]


async def test_a_transaction_waits_for_the_lock_of_its_author_alone(
    source: Postgres, database: dict[str, str]
) -> None:
    finished: list[str] = []

    async def add(name: str) -> None:
        await Ledger(source, name).add([beat(0)])
        finished.append(name)

    other_worker = connected(database)
    async with anyio.create_task_group() as tasks, other_worker.connection() as holder:
        lock = f"SELECT pg_advisory_lock({HISTORY_LOCK}, hashtext('worker'))"
        await holder.rows(Statement(lock))
        tasks.start_soon(add, "worker")
        while not await rows(other_worker, "SELECT 1 FROM pg_locks WHERE NOT granted"):
            pass
        await add("other")
        assert finished == ["other"]
        await holder.rows(Statement("SELECT pg_advisory_unlock_all()"))
    await other_worker.close()

    assert finished == ["other", "worker"]


async def test_an_hour_is_counted_once_it_is_over(source: Postgres, ledger: Ledger) -> None:
    await ledger.add([beat(2), beat(3, MISSED), beat(6)])
    await ledger.count(at(60))
    assert [row[5] for row in await hours(source)] == [True]

    await ledger.count(at(62))

    # Minutes 4, 5 and 7 to 59 have no beat; 0 and 1 come before the first.
    assert await hours(source) == [(HOUR, 2, 1, 55, 2, False, False)]


async def test_a_late_beat_reopens_its_hour(source: Postgres, ledger: Ledger) -> None:
    await ledger.add([beat(0), beat(61)])
    await ledger.count(OVER)
    await ledger.add([beat(5, MISSED)])
    assert [row[5] for row in await hours(source)] == [True, False]

    await ledger.count(OVER)

    assert await hours(source) == [
        (at(0), 1, 1, 58, 0, False, False),
        (at(60), 1, 0, 58, 1, False, False),
    ]


async def test_a_duplicate_beat_does_not_reopen_its_hour(source: Postgres, ledger: Ledger) -> None:
    await ledger.add([beat(0)])
    await ledger.count(OVER)

    await ledger.add([beat(0, MISSED)])

    assert await hours(source) == [(HOUR, 1, 0, 59, 0, False, False)]


async def test_a_changed_interval_counts_from_its_first_beat(
    source: Postgres, ledger: Ledger
) -> None:
    await ledger.add([beat(0, interval_s=600), beat(10, interval_s=600), beat(20, interval_s=60)])
    await ledger.count(OVER)

    query = "SELECT ok, unknown, interval_seconds FROM heartbeat_hours"
    assert await rows(source, query) == [(3, 39, 60.0)]


async def test_latencies_of_successful_beats_are_in_their_buckets(
    source: Postgres, ledger: Ledger
) -> None:
    latencies = [0.0, LATENCY_BOUNDS_MS[0], 1.0, 1.1, 1e9]
    landed = [beat(n, latency_ms=latency) for n, latency in enumerate(latencies)]
    await ledger.add([*landed, beat(30, MISSED, latency_ms=5.0)])
    await ledger.count(OVER)

    ((counted,),) = await rows(source, "SELECT latencies FROM heartbeat_hours")
    expected = [0] * LATENCY_BUCKETS
    for latency in latencies:
        expected[sum(bound <= latency for bound in LATENCY_BOUNDS_MS)] += 1
    assert counted == expected


async def test_more_hours_than_one_transaction_counts_are_all_counted(
    source: Postgres, ledger: Ledger
) -> None:
    await ledger.add([beat(-60 * n) for n in range(450)])

    await ledger.count(OVER)

    assert {row[5] for row in await hours(source)} == {False}


async def test_failures_in_a_row_are_one_incident(source: Postgres, ledger: Ledger) -> None:
    await ledger.add([beat(0), beat(1, ErrorWord.TIMEOUT), beat(2, MISSED), beat(3)])

    assert await incidents(source) == [(at(1), at(3), "timeout", 2)]


async def test_an_incident_grows_beat_by_beat_and_ends(source: Postgres, ledger: Ledger) -> None:
    after_each = []
    for minute, error in enumerate([None, MISSED, MISSED, None, None]):
        await ledger.add([beat(minute, error)])
        after_each.append(await incidents(source))

    assert after_each == [
        [],
        [(at(1), None, "unreachable", 1)],
        [(at(1), None, "unreachable", 2)],
        [(at(1), at(3), "unreachable", 2)],
        [(at(1), at(3), "unreachable", 2)],
    ]


async def test_a_gap_neither_begins_nor_ends_an_incident(source: Postgres, ledger: Ledger) -> None:
    await ledger.add([beat(0, MISSED)])
    await ledger.add([beat(30, MISSED)])
    await ledger.add([beat(40)])
    await ledger.add([beat(70)])

    assert await incidents(source) == [(at(0), at(40), "unreachable", 2)]


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (beat(3), [(at(2), at(3), "unreachable", 1), (at(4), at(5), "unreachable", 1)]),
        (beat(3, MISSED), [(at(2), at(5), "unreachable", 3)]),
        (beat(1, ErrorWord.TIMEOUT), [(at(1), at(5), "timeout", 3)]),
        (beat(6, MISSED), [(at(2), at(5), "unreachable", 2), (at(6), at(7), "unreachable", 1)]),
    ],
)
async def test_a_late_beat_changes_the_incidents_around_it(
    source: Postgres, ledger: Ledger, late: Record, expected: list[Any]
) -> None:
    await ledger.add([beat(0), beat(2, MISSED), beat(4, MISSED), beat(5), beat(7)])

    await ledger.add([late])

    assert await incidents(source) == expected


async def test_each_source_has_its_own_incidents(source: Postgres, ledger: Ledger) -> None:
    for minute in range(3):
        await ledger.add([beat(minute, MISSED), beat(minute, source="iam")])

    query = "SELECT source, missed FROM heartbeat_incidents"
    assert await rows(source, query) == [("valkey", 3)]


async def test_old_beats_are_removed_hour_by_hour_and_their_counts_are_kept(
    source: Postgres, ledger: Ledger
) -> None:
    await ledger.add([beat(0), beat(59), beat(60)])
    await ledger.count(OVER)

    await ledger.prune(at(60 + 59) + DAY, kept=DAY)

    assert await beats(source) == [(at(60), None)]
    assert await hours(source) == [
        (at(0), 2, 0, 58, 0, False, True),
        (at(60), 1, 0, 59, 0, False, False),
    ]


async def test_more_beats_than_one_statement_removes_are_all_removed(
    source: Postgres, ledger: Ledger
) -> None:
    await ledger.add([beat(n) for n in range(AT_ONCE + 80)])
    await ledger.count(at(60 * 24))

    await ledger.prune(at(60 * 24) + DAY, kept=DAY)

    assert await beats(source) == []


async def test_the_beats_of_an_uncounted_hour_are_not_removed(
    source: Postgres, ledger: Ledger
) -> None:
    await ledger.add([beat(0)])

    await ledger.prune(OVER + 2 * DAY, kept=DAY)

    assert await beats(source) == [(at(0), None)]


async def test_a_beat_for_an_hour_without_kept_beats_changes_nothing(
    source: Postgres, ledger: Ledger
) -> None:
    await ledger.add([beat(0), beat(1)])
    await ledger.count(OVER)
    await ledger.prune(OVER + DAY, kept=DAY)

    await ledger.add([beat(2, MISSED)])
    await ledger.count(OVER)

    assert await beats(source) == []
    assert await incidents(source) == []
    assert await hours(source) == [(HOUR, 2, 0, 58, 0, False, True)]


async def test_the_beats_of_an_incident_within_the_retention_are_kept(
    source: Postgres, ledger: Ledger
) -> None:
    await ledger.add([beat(0), *(beat(n, MISSED) for n in range(1, 180))])
    await ledger.count(at(60 * 4))
    await ledger.prune(at(120) + DAY, kept=DAY)

    await ledger.add([beat(180, MISSED), beat(181)])

    assert len(await beats(source)) == 182
    assert await incidents(source) == [(at(1), at(181), "unreachable", 180)]


async def test_after_400_days_counts_and_incidents_are_removed(
    source: Postgres, ledger: Ledger
) -> None:
    await ledger.add([beat(0, MISSED), beat(1)])
    await ledger.count(OVER)
    await ledger.prune(OVER + 399 * DAY, kept=DAY)
    assert (len(await hours(source)), len(await incidents(source))) == (1, 1)

    await ledger.prune(OVER + 401 * DAY, kept=DAY)

    assert (await hours(source), await incidents(source)) == ([], [])
