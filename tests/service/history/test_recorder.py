from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from local.postgres import Postgres as PostgresServer
from local.valkey import Valkey as ValkeyServer
from schema.errors import ErrorWord
from schema.history import Record
from service.errors import SourceError
from service.history import recorder
from service.history.ledger import Ledger
from service.history.recorder import History
from service.history.spill import SPILL_LIMIT, Spill
from service.outcome import Outcome
from service.settings import load
from service.sources import valkey as valkey_source
from service.sources.postgres.store import Postgres
from service.sources.valkey.store import Valkey, client
from service.sql.statement import Statement
from service.worker.loop import Worker
from tests.service.configured import settings_of
from tests.service.history_data import HOUR, at, beat, rows
from tests.service.serving import until

pytestmark = pytest.mark.anyio

KEPT = timedelta(days=9000)


@pytest.fixture
async def cache(keys: dict[str, str]) -> AsyncIterator[Valkey]:
    made = Valkey(client(settings_of(keys, valkey_source.KIND)), "worker")
    yield made
    await made.close()


@pytest.fixture
def spill(cache: Valkey) -> Spill:
    return Spill(cache, "worker")


def outcomes(minute: int, postgres: ErrorWord | None = None) -> list[Outcome]:
    """Return the outcomes of a cycle of two sources."""
    stamp = at(minute) + timedelta(seconds=7)
    return [
        Outcome(source="postgres", stamp=stamp, result=postgres or "ok", attempts=1),
        Outcome(source="valkey", stamp=stamp, result="ok", attempts=1, latency_ms=0.5),
    ]


def record(history: History, minutes: Sequence[int], postgres: ErrorWord | None = None) -> None:
    for minute in minutes:
        history.record(at(minute), 60.0, outcomes(minute, postgres))


async def kept(source: Postgres) -> list[Any]:
    query = "SELECT slot, source, error FROM heartbeat_beats ORDER BY slot, source"
    return await rows(source, query)


def expected(minutes: Sequence[int], postgres: ErrorWord | None = None) -> list[Any]:
    return [
        row for n in minutes for row in ((at(n), "postgres", postgres), (at(n), "valkey", None))
    ]


@asynccontextmanager
async def running(history: History) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(history.run)
        yield
        tasks.cancel_scope.cancel()


@contextmanager
def stopped(server: PostgresServer | ValkeyServer) -> Iterator[None]:
    """Stop a server inside the block; start it in this thread, since it ends with its thread."""
    server.stop()
    try:
        yield
    finally:
        server.start()


async def test_outcomes_are_stored_outside_of_the_cycle(source: Postgres) -> None:
    history = History(Ledger(source, "worker"), None, KEPT, "postgres")
    async with running(history):
        record(history, range(3))
        assert history.waiting == 6  # taken at once, and written later

        await until(lambda: history.waiting == 0)

    assert await kept(source) == expected(range(3))


async def test_fifty_cycles_without_postgres_are_each_recorded_once(
    source: Postgres, postgres: PostgresServer
) -> None:
    history = History(Ledger(source, "worker"), None, KEPT, "postgres")
    async with running(history):
        with stopped(postgres):
            with capture_logs() as lines:
                record(history, range(50), ErrorWord.UNREACHABLE)
                await until(lambda: any(line["event"] == "history_waiting" for line in lines))
            assert history.waiting == 100
        record(history, [50])

        await until(lambda: history.waiting == 0)

    assert await kept(source) == [
        *expected(range(50), ErrorWord.UNREACHABLE),
        *expected([50]),
    ]
    assert history.dropped == 0
    query = "SELECT source, began, ended, error, missed FROM heartbeat_incidents"
    assert await rows(source, query) == [("postgres", HOUR, at(50), "unreachable", 50)]


async def test_a_worker_without_postgres_records_every_cycle_that_it_ran(
    environ: dict[str, str], source: Postgres, postgres: PostgresServer
) -> None:
    settings = load(environ | {"HEARTBEAT_INTERVAL_SECONDS": "0.05"})
    history = History(Ledger(source, "worker"), None, KEPT, "postgres")
    worker = Worker(settings.process, {"postgres": source}, recorder=history)
    stop = anyio.Event()
    async with running(history), anyio.create_task_group() as tasks:
        with stopped(postgres):
            tasks.start_soon(worker.run, stop)
            await until(lambda: worker.cycles >= 50)
        await until(lambda: worker.reports["postgres"].last_result == "ok")
        stop.set()
    await history.finish()

    found = await kept(source)
    assert len(found) == worker.cycles
    assert [error for _, _, error in found[:50]].count(None) == 0
    assert None in [error for _, _, error in found[50:]]


async def test_records_that_postgres_did_not_accept_survive_a_restart(
    source: Postgres, spill: Spill, postgres: PostgresServer
) -> None:
    ending = History(Ledger(source, "worker"), spill, KEPT, "postgres")
    with stopped(postgres):
        record(ending, range(50), ErrorWord.TIMEOUT)
        await ending.finish()
    assert (ending.waiting, ending.dropped) == (0, 0)
    assert await kept(source) == []

    starting = History(Ledger(source, "worker"), spill, KEPT, "postgres")
    async with running(starting):
        record(starting, [50])
        await until(lambda: starting.waiting == 0)
        await taken_over(spill)

    assert await kept(source) == [*expected(range(50), ErrorWord.TIMEOUT), *expected([50])]


async def test_a_record_leaves_valkey_only_after_postgres_has_it(
    source: Postgres, spill: Spill, postgres: PostgresServer
) -> None:
    await spill.add([beat(0)])
    history = History(Ledger(source, "worker"), spill, KEPT, "postgres")
    with stopped(postgres):
        record(history, [1])
        with capture_logs() as lines:
            async with running(history):
                await until(lambda: any(line["event"] == "history_waiting" for line in lines))

        assert len(await spill.first(10)) == 1


async def test_records_picked_up_before_a_crash_are_stored_once(
    source: Postgres, spill: Spill
) -> None:
    await spill.add([beat(0)])
    await Ledger(source, "worker").add([beat(0)])  # and then it crashed
    history = History(Ledger(source, "worker"), spill, KEPT, "postgres")
    async with running(history):
        record(history, [1])
        await taken_over(spill)

    assert [row[0] for row in await kept(source)] == [at(0), at(1), at(1)]


async def test_a_shutdown_stores_waiting_records_in_postgres(
    source: Postgres, spill: Spill
) -> None:
    history = History(Ledger(source, "worker"), spill, KEPT, "postgres")
    record(history, range(3))

    await history.finish()

    assert await kept(source) == expected(range(3))
    assert await spill.first(1) == []


async def test_without_postgres_and_valkey_the_lost_records_are_logged(
    source: Postgres, spill: Spill, postgres: PostgresServer, valkey: ValkeyServer
) -> None:
    history = History(Ledger(source, "worker"), spill, KEPT, "postgres")
    with stopped(postgres), stopped(valkey):
        record(history, range(3))
        with capture_logs() as lines:
            await history.finish()

    assert history.dropped == 6
    (lost,) = [line for line in lines if line["event"] == "history_lost"]
    assert (lost["records"], lost["log_level"]) == (6, "error")


async def test_a_hung_postgres_delays_the_shutdown_by_a_bounded_time(
    source: Postgres, spill: Spill, postgres: PostgresServer
) -> None:
    await rows(source, "SELECT 1")  # a connection that will hang
    history = History(Ledger(source, "worker"), spill, KEPT, "postgres")
    postgres.pause()
    try:
        record(history, range(3), ErrorWord.TIMEOUT)
        with anyio.fail_after(60):
            await history.finish()
    finally:
        postgres.resume()

    assert (history.waiting, history.dropped) == (0, 0)
    assert len(await spill.first(10)) == 6


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> int:
    """Set a small limit, and a shutdown that is long enough for any machine."""
    monkeypatch.setattr(recorder, "WAITING_LIMIT", 1_000)
    monkeypatch.setattr(recorder, "HISTORY_S", 60.0)
    return 1_000


async def test_beyond_the_limit_the_oldest_are_dropped_and_counted(
    source: Postgres, limit: int
) -> None:
    history = History(Ledger(source, "worker"), None, KEPT, "postgres")
    with capture_logs() as lines:
        record(history, range(limit // 2 + 10))

    assert (history.waiting, history.dropped) == (limit, 20)
    assert {line["event"] for line in lines} == {"history_lost"}

    await history.finish()
    ((first, count),) = await rows(source, "SELECT min(slot), count(*) FROM heartbeat_beats")
    assert (first, count + history.dropped) == (at(10), limit + 20)


async def test_records_dropped_in_flight_affect_no_others(source: Postgres, limit: int) -> None:
    class Overrun(Ledger):
        async def add(self, records: Sequence[Record]) -> int:
            if not history.dropped:
                record(history, range(10))
            return await super().add(records)

    history = History(Overrun(source, "worker"), None, KEPT, "postgres")
    record(history, range(-limit // 2, 0))
    await history.finish()

    ((count,),) = await rows(source, "SELECT count(*) FROM heartbeat_beats")
    assert (history.dropped, history.waiting) == (20, 0)
    assert count == limit + 20  # those that were dropped had landed all the same


async def test_a_record_that_postgres_always_refuses_does_not_block_the_others(
    source: Postgres,
) -> None:
    class Refusing(Ledger):
        async def add(self, records: Sequence[Record]) -> int:
            if any(record.slot == at(0) for record in records):
                raise SourceError(ErrorWord.INVALID_DATA)
            return await super().add(records)

    history = History(Refusing(source, "worker"), None, KEPT, "postgres")
    record(history, [0])
    await history.finish()
    record(history, [1])
    await history.finish()

    assert await kept(source) == expected([1])
    assert history.dropped == 2


async def test_a_record_that_postgres_refuses_does_not_affect_the_others(source: Postgres) -> None:
    class Refusing(Ledger):
        async def add(self, records: Sequence[Record]) -> int:
            if any(record.slot == at(3) for record in records):
                raise SourceError(ErrorWord.INVALID_DATA)
            return await super().add(records)

    history = History(Refusing(source, "worker"), None, KEPT, "postgres")
    record(history, range(7))
    await history.finish()

    assert await kept(source) == expected([0, 1, 2, 4, 5, 6])
    assert history.dropped == 2


async def test_a_dropped_table_of_history_loses_no_record(source: Postgres) -> None:
    async with source.connection() as connection:
        await connection.rows(Statement("DROP TABLE heartbeat_beats"))
    history = History(Ledger(source, "worker"), None, KEPT, "postgres")
    record(history, [0, 1])

    await history.finish()

    assert await kept(source) == expected([0, 1])
    assert history.dropped == 0


HOSTILE = [
    "x" * 5_000_000,
    "[" * 100_000,
    '{"source": "a\\u0000b", "slot": "2026-11-24T22:00:00Z", "interval_seconds": 60, '
    '"stamp": "2026-11-24T22:00:00Z", "error": null, "attempts": 1, "latency_ms": 1}',
    '{"source": "a", "slot": "9999-12-31T23:59:59-23:00", "interval_seconds": 60, '
    '"stamp": "2026-11-24T22:00:00Z", "error": null, "attempts": 1, "latency_ms": 1}',
    '{"source": "a", "slot": "2026-11-24T22:00:00Z", "interval_seconds": 1e300, '
    '"stamp": "2026-11-24T22:00:00Z", "error": null, "attempts": 1, "latency_ms": NaN}',
]


@pytest.mark.parametrize("entry", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_bad_entry_is_dropped_and_counted_without_stopping_upkeep(
    source: Postgres, spill: Spill, cache: Valkey, entry: str
) -> None:
    await cache.client.rpush("worker:history", entry)
    await spill.add([beat(0)])
    history = History(Ledger(source, "worker"), spill, timedelta(days=1), "postgres")
    async with running(history):
        record(history, [-60 * 24 * 300])
        await pruned(source)
        await taken_over(spill)

    assert history.dropped == 1


async def test_hours_are_counted_and_pruned_without_valkey(
    source: Postgres, spill: Spill, valkey: ValkeyServer
) -> None:
    history = History(Ledger(source, "worker"), spill, timedelta(days=1), "postgres")
    valkey.stop()
    try:
        async with running(history):
            record(history, [-60 * 24 * 300])
            await pruned(source)
    finally:
        valkey.start()


async def test_a_defect_in_history_is_logged_and_ends_nothing(source: Postgres) -> None:
    class Broken(Ledger):
        broken = True

        async def add(self, records: Sequence[Record]) -> int:
            if self.broken:
                self.broken = False
                raise ZeroDivisionError
            return await super().add(records)

    history = History(Broken(source, "worker"), None, KEPT, "postgres")
    with capture_logs() as lines:
        async with running(history):
            record(history, [0])
            await until(lambda: any(line["event"] == "history_defect" for line in lines))
            record(history, [1])  # its stamp landed: history tries again at once
            await until(lambda: history.waiting == 0)

    assert await kept(source) == expected([0, 1])


async def test_failed_upkeep_loses_nothing(source: Postgres, spill: Spill) -> None:
    class Failing(Ledger):
        async def count(self, now: datetime) -> None:  # noqa: ARG002 - a ledger's
            raise SourceError(ErrorWord.TIMEOUT)

    history = History(Failing(source, "worker"), spill, KEPT, "postgres")
    with capture_logs() as lines:
        async with running(history):
            record(history, [0])
            await until(lambda: any(line["event"] == "history_upkeep_failed" for line in lines))

    assert await kept(source) == expected([0])


async def test_upkeep_counts_hours_and_prunes(source: Postgres) -> None:
    history = History(Ledger(source, "worker"), None, timedelta(days=1), "postgres")
    async with running(history):
        record(history, [-60 * 24 * 300])
        await until(lambda: history.waiting == 0)
        record(history, [-60 * 24 * 300 + 1])
        await pruned(source)

    query = "SELECT source, ok, failed, pruned FROM heartbeat_hours ORDER BY source"
    assert [row[0::3] for row in await rows(source, query)] == [
        ("postgres", True),
        ("valkey", True),
    ]


async def test_the_list_in_valkey_keeps_the_newest(
    spill: Spill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.history.spill.SPILL_LIMIT", 3)
    await spill.add([beat(0), beat(1)])
    await spill.add([beat(2), beat(3)])

    found = await spill.first(SPILL_LIMIT)
    assert [each.record.slot for each in found if each.record] == [at(1), at(2), at(3)]


async def test_two_workers_that_take_over_at_once_lose_nothing(spill: Spill) -> None:
    await spill.add([beat(n) for n in range(6)])
    first = await spill.first(3)
    same = await spill.first(3)

    await spill.remove(first)
    await spill.remove(same)

    left = await spill.first(10)
    assert [each.record.slot for each in left if each.record] == [at(3), at(4), at(5)]


async def test_invalid_records_are_removed_and_skipped(
    source: Postgres, spill: Spill, cache: Valkey
) -> None:
    await cache.client.rpush("worker:history", "what is this?")
    await spill.add([beat(0)])
    history = History(Ledger(source, "worker"), spill, KEPT, "postgres")
    async with running(history):
        record(history, [1])
        await taken_over(spill)

    assert [row[0] for row in await kept(source)] == [at(0), at(1), at(1)]


async def test_a_dead_valkey_is_reported(spill: Spill, valkey: ValkeyServer) -> None:
    await spill.add([beat(0)])
    entries = await spill.first(1)
    with stopped(valkey):
        for call in (spill.add([beat(0)]), spill.first(1), spill.remove(entries)):
            with pytest.raises(SourceError) as error:
                await call
            assert error.value.word is ErrorWord.UNREACHABLE


async def taken_over(spill: Spill) -> None:
    """Wait until no record is in Valkey."""
    with anyio.fail_after(60):
        while await spill.first(1):  # noqa: ASYNC110 - another task empties it
            await anyio.sleep(0.01)


async def pruned(source: Postgres) -> None:
    """Wait until upkeep has marked its hours."""
    with anyio.fail_after(60):
        while not await rows(source, "SELECT 1 FROM heartbeat_hours WHERE pruned"):  # noqa: ASYNC110
            await anyio.sleep(0.01)
