"""PostgreSQL behind Debian's PgBouncer, as behind a managed connection pool."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from schema.history import Record
from schema.timestamps import utc_now
from service.errors import SourceError
from service.history.ledger import Ledger
from service.sources import postgres
from service.sources.postgres.pool import Pool
from service.sources.postgres.settings import PostgresDetails
from service.sources.postgres.store import Postgres
from service.sql.statement import Statement
from service.worker.write import retried
from tests.reality import Fact, reality
from tests.service.configured import settings_of
from tests.service.pgbouncer import pgbouncer

SERVER = "PgBouncer 1.18, by asyncpg 0.32"
pytestmark = pytest.mark.anyio

CYCLES = 1000  # each of some ten transactions, on whichever connection is free
PROCESSES = 3  # with pools of their own: together more clients than connections


@pytest.fixture
def through(tmp_path: Path, database: dict[str, str]) -> Iterator[Mapping[str, str]]:
    with pgbouncer(tmp_path, database) as environ:
        yield environ


def connected(environ: Mapping[str, str], name: str = "worker") -> Postgres:
    return Postgres(Pool(settings_of(environ, postgres.KIND)), name)


def beat(name: str = "worker") -> Heartbeat:
    return Heartbeat(name=name, timestamp=utc_now())


def record(number: int) -> Record:
    slot = utc_now().replace(microsecond=0) - timedelta(minutes=number)
    return Record(
        source="postgres",
        slot=slot,
        interval_seconds=60,
        stamp=slot,
        error=None,
        attempts=1,
        latency_ms=1,
    )


async def write_error(source: Postgres) -> SourceError:
    with pytest.raises(SourceError) as error:
        await source.write(beat())
    await source.close()
    return error.value


async def test_everything_works_through_a_pool_in_transaction_mode(
    through: Mapping[str, str],
) -> None:
    failures: list[Exception] = []

    async def run(number: int) -> None:
        source = connected(through, f"worker-{number}")
        ledger = Ledger(source, source.name)
        try:
            for cycle in range(CYCLES // PROCESSES + 1):
                heartbeat = beat(source.name)
                await source.write(heartbeat)
                found = await source.read()
                assert (found.stamp, found.error) == (heartbeat.timestamp, None)
                assert found.details == PostgresDetails(readable=True, writable=True)
                await ledger.add([record(cycle)])
            await ledger.count(utc_now())
            await ledger.prune(utc_now(), timedelta(days=1))
        except (SourceError, AssertionError) as error:
            failures.append(error)
        await source.close()

    async with anyio.create_task_group() as tasks:
        for number in range(PROCESSES):
            tasks.start_soon(run, number)

    assert failures == []


@reality(SERVER, "a pool in statement mode", "08P01", ErrorWord.UNSUPPORTED)
async def test_a_pool_in_statement_mode_is_refused_and_named(
    fact: Fact, tmp_path: Path, database: dict[str, str]
) -> None:
    direct = connected(database)
    await direct.write(beat())  # so that no migration needs a transaction
    await direct.close()
    with pgbouncer(tmp_path, database, mode="statement") as environ:
        written = await write_error(connected(environ))
        source = connected(environ)
        with pytest.raises(SourceError) as read:
            await source.read()
        await source.close()

    assert (written.word, written.cause) == (fact.word, Cause.STATEMENT_POOL)
    assert fact.answer in written.detail
    assert (read.value.word, read.value.cause) == (written.word, written.cause)
    assert not written.retryable


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            {"PGPASSWORD": "wrong"},
            marks=reality(SERVER, "a wrong password", "08P01, by its text", ErrorWord.AUTH),
        ),
        pytest.param(
            {"PGUSER": "nobody_here"},
            marks=reality(SERVER, "an unknown user", "08P01, by its text", ErrorWord.AUTH),
        ),
        pytest.param(
            {"PGDATABASE": "gone"},
            marks=reality(
                SERVER, "the server behind it is down", "08P01, by its text", ErrorWord.UNREACHABLE
            ),
        ),
        pytest.param(
            {"PGDATABASE": "no_such_database"},
            marks=reality(
                SERVER,
                "the server behind it lacks the database",
                "08P01, by its text",
                ErrorWord.NOT_FOUND,
            ),
        ),
    ],
)
async def test_each_refusal_of_the_pool_has_its_error_word(
    fact: Fact, through: Mapping[str, str], change: dict[str, str]
) -> None:
    assert (await write_error(connected({**through, **change}))).word is fact.word


@reality(
    SERVER, "a database that the pool does not know", "08P01, by its text", ErrorWord.NOT_FOUND
)
async def test_a_database_unknown_to_the_pool_is_not_found(
    fact: Fact, tmp_path: Path, database: dict[str, str]
) -> None:
    with pgbouncer(tmp_path, database, databases="known") as environ:
        found = await write_error(connected({**environ, "PGDATABASE": "unknown"}))

    assert found.word is fact.word


async def test_a_server_that_returns_behind_the_pool_is_written_again(
    through: Mapping[str, str], database: dict[str, str]
) -> None:
    source = connected(through)
    await source.write(beat())
    direct = connected(database)
    async with direct.connection() as connection:
        await connection.rows(
            Statement(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await direct.close()
    heartbeat = beat()

    async def write() -> None:
        await source.write(heartbeat)

    # The pool may still hand out a connection that it is losing: an error that is worth a retry.
    await retried(write, retry_for_s=20.0)

    assert (await source.read()).stamp == heartbeat.timestamp
    await source.close()
