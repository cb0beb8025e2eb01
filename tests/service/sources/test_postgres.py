import os
import signal
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest

from local.postgres import Postgres as Server
from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat
from schema.migrations import VERSION_TABLE, head
from schema.timestamps import utc_now
from service.errors import SourceError
from service.sources import postgres
from service.sources.postgres.pool import Pool
from service.sources.postgres.settings import PostgresDetails
from service.sources.postgres.store import Postgres
from service.sql.statement import Statement
from service.worker.cycle import stamp_all
from tests.reality import Fact, reality
from tests.service.configured import settings_of
from tests.service.sources.test_postgres_errors import SERVER

pytestmark = pytest.mark.anyio


@pytest.fixture
async def source(database: dict[str, str]) -> AsyncIterator[Postgres]:
    connected = Postgres(Pool(settings_of(database, postgres.KIND)), "worker")
    yield connected
    await connected.close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue("postgres")
    return found


def beat(timestamp: datetime | None = None) -> Heartbeat:
    return Heartbeat(name="worker", timestamp=timestamp or utc_now())


async def execute(source: Postgres, statement: str) -> list[Any]:
    async with source.connection() as connection:
        return await connection.rows(Statement(statement))


async def refused(source: Postgres) -> ErrorWord:
    with pytest.raises(SourceError) as error:
        await source.write(beat())
    return error.value.word


async def test_the_first_write_creates_the_schema(source: Postgres) -> None:
    await source.write(beat())

    found = await source.read()
    assert (found.schema_revision, found.schema_behind) == (head(), False)
    assert found.details == PostgresDetails(readable=True, writable=True)


@pytest.mark.parametrize("tables", [f"last_update, {VERSION_TABLE}", "last_update"])
async def test_a_dropped_table_is_restored_by_the_same_write(source: Postgres, tables: str) -> None:
    await source.write(beat())
    await execute(source, f"DROP TABLE {tables}")
    if VERSION_TABLE in tables:
        await execute(source, "DROP TABLE heartbeat_beats, heartbeat_hours, heartbeat_incidents")
    heartbeat = beat()

    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


async def test_a_foreign_table_is_reported_with_a_remedy_and_not_changed(
    source: Postgres,
) -> None:
    await execute(source, "CREATE TABLE last_update (id integer)")

    with pytest.raises(SourceError) as error:
        await source.write(beat())

    assert error.value.word is ErrorWord.INVALID_DATA
    assert "rename that table" in error.value.detail


async def test_reading_a_database_without_the_schema_reports_that_it_is_behind(
    source: Postgres,
) -> None:
    found = await source.read()

    assert (found.reachable, found.error, found.schema_behind) == (
        True,
        ErrorWord.NOT_FOUND,
        True,
    )


async def test_a_schema_without_our_stamp_was_never_written(source: Postgres) -> None:
    await source.migrate()

    found = await source.read()

    assert (found.stamp, found.error, found.reachable) == (None, None, True)


async def test_tables_that_a_newer_version_dropped_are_not_created_again(source: Postgres) -> None:
    await source.write(beat())
    await execute(source, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    await execute(source, "DROP TABLE heartbeat_hours, last_update")

    assert await refused(source) is ErrorWord.NOT_FOUND

    found = await execute(
        source, "SELECT to_regclass('heartbeat_hours'), to_regclass('last_update')"
    )
    assert tuple(found[0]) == (None, None)


async def test_a_stamp_in_the_future_is_overwritten(source: Postgres) -> None:
    await source.write(beat())
    await execute(source, "UPDATE last_update SET timestamp = now() + interval '1 hour'")
    heartbeat = beat()

    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_clock_that_differs_from_the_servers_is_refused_and_writes_nothing(
    source: Postgres, minutes: int
) -> None:
    heartbeat = beat()
    await source.write(heartbeat)
    wrong = utc_now() + timedelta(minutes=minutes)
    other = Postgres(source.pool, "worker", now=lambda: wrong)

    with pytest.raises(SourceError) as error:
        await other.write(beat(wrong))

    assert error.value.word is ErrorWord.CLOCK
    assert "from ours" in error.value.detail
    assert (await source.read()).stamp == heartbeat.timestamp


async def test_an_older_apps_document_is_neither_a_report_nor_an_error(source: Postgres) -> None:
    await source.write(beat())
    await execute(source, """UPDATE last_update SET metadata = '{"cycle": 7}'""")

    found = await source.read()

    assert (found.report, found.error) == (None, None)
    assert found.stamp is not None


@reality(SERVER, "the server is read-only", "25006", ErrorWord.READ_ONLY)
async def test_write_and_probe_report_a_server_that_became_read_only(
    fact: Fact, source: Postgres
) -> None:
    await source.write(beat())
    await execute(source, "ALTER DATABASE test SET default_transaction_read_only = on")
    await source.pool.close()

    assert await refused(source) is fact.word
    found = await source.read()
    assert found.error is fact.word
    assert found.details == PostgresDetails(readable=True, writable=False)
    assert found.stamp is not None


async def test_read_only_drops_the_connections_so_that_the_next_one_finds_the_primary(
    source: Postgres,
) -> None:
    await source.write(beat())
    await execute(source, "SET default_transaction_read_only = on")  # this connection alone
    heartbeat = beat()

    assert await refused(source) is ErrorWord.READ_ONLY
    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


@reality(SERVER, "the server does not answer", "nothing", ErrorWord.TIMEOUT)
async def test_a_silent_connection_is_replaced(fact: Fact, database: dict[str, str]) -> None:
    source = Postgres(Pool(settings_of(database, postgres.KIND), answer_timeout_s=0.3), "worker")
    await source.write(beat())
    backend = (await execute(source, "SELECT pg_backend_pid()"))[0][0]
    os.kill(backend, signal.SIGSTOP)  # it alone: the server takes new connections
    try:
        assert await refused(source) is fact.word
        assert await source.write(beat()) is None
    finally:
        os.kill(backend, signal.SIGCONT)
        await source.close()


@reality(SERVER, "the role has too many connections", "53300", ErrorWord.THROTTLED)
async def test_too_many_connections_are_throttled(
    fact: Fact, source: Postgres, database: dict[str, str]
) -> None:
    await source.write(beat())
    await execute(source, "DROP ROLE IF EXISTS crowd")
    await execute(source, "CREATE ROLE crowd LOGIN PASSWORD 'crowd' CONNECTION LIMIT 0")
    crowd = database | {"PGUSER": "crowd", "PGPASSWORD": "crowd"}
    other = Postgres(Pool(settings_of(crowd, postgres.KIND)), "worker")

    assert await refused(other) is fact.word

    await other.close()


async def test_a_quota_of_the_disk_is_full(source: Postgres) -> None:
    """A trigger raises the error of a full disk, since a test cannot fill the disk."""
    await source.write(beat())
    await execute(
        source,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$",
    )
    await execute(
        source,
        "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON last_update "
        "FOR EACH ROW EXECUTE FUNCTION full_disk()",
    )

    assert await refused(source) is ErrorWord.FULL
    await execute(source, "DROP TRIGGER full_disk ON last_update")
    assert await source.write(beat()) is None


async def test_the_probe_leaves_no_dead_row(source: Postgres) -> None:
    await source.write(beat())
    before = await execute(source, "SELECT xmin, ctid::text FROM last_update")

    for _ in range(3):
        await source.read()

    assert await execute(source, "SELECT xmin, ctid::text FROM last_update") == before


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            {"PGPASSWORD": "wrong"},
            marks=reality(SERVER, "a wrong password", "28P01", ErrorWord.AUTH),
        ),
        pytest.param(
            {"PGUSER": "nobody_here"},
            marks=reality(SERVER, "an unknown user", "28P01", ErrorWord.AUTH),
        ),
        pytest.param(
            {"PGDATABASE": "no_such_database"},
            marks=reality(SERVER, "an unknown database", "3D000", ErrorWord.NOT_FOUND),
        ),
        pytest.param(
            {"PGHOST": "no-such-host.invalid"},
            marks=reality(
                SERVER, "a host name that does not exist", "gaierror", ErrorWord.UNREACHABLE
            ),
        ),
        pytest.param(
            {"PGPORT": "1"},
            marks=reality(
                SERVER,
                "a port that nothing listens on",
                "ConnectionRefusedError",
                ErrorWord.UNREACHABLE,
            ),
        ),
        pytest.param(
            {"PGSSLMODE": "verify-full"},
            marks=reality(SERVER, "a server without TLS", "rejected SSL upgrade", ErrorWord.TLS),
        ),
    ],
)
async def test_each_refusal_has_its_error_word(
    fact: Fact, database: dict[str, str], change: dict[str, str]
) -> None:
    source = Postgres(Pool(settings_of(database | change, postgres.KIND)), "worker")

    with pytest.raises(SourceError) as error:
        await source.write(beat())

    assert error.value.word is fact.word
    assert fact.answer in error.value.detail
    await source.close()


@reality(SERVER, "the user lacks a right on a table", "42501", ErrorWord.PERMISSION)
async def test_a_revoked_privilege_is_permission(
    fact: Fact, source: Postgres, database: dict[str, str]
) -> None:
    await source.write(beat())
    await execute(source, "DROP ROLE IF EXISTS guest")
    await execute(source, "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    await execute(source, f"GRANT SELECT ON last_update, {VERSION_TABLE} TO guest")
    guest = Postgres(
        Pool(settings_of(database | {"PGUSER": "guest", "PGPASSWORD": "guest"}, postgres.KIND)),
        "worker",
    )

    assert await refused(guest) is fact.word
    found = await guest.read()

    assert (found.error, found.reachable) == (ErrorWord.PERMISSION, True)
    await guest.close()


async def test_a_stopped_server_is_unreachable_and_heals_by_itself(
    source: Postgres, server: Server
) -> None:
    await source.write(beat())
    server.stop()
    try:
        assert await refused(source) is ErrorWord.UNREACHABLE
    finally:
        server.start()

    assert await source.write(beat()) is None


async def test_a_silent_server_delays_neither_the_deadline_nor_closing(
    source: Postgres, server: Server
) -> None:
    await source.write(beat())
    server.pause()
    try:
        with anyio.move_on_after(0.2) as scope:
            await source.write(beat())
        assert scope.cancelled_caught
        with anyio.fail_after(60):
            await source.close()
    finally:
        server.resume()


async def test_a_connection_that_was_cut_is_opened_again(source: Postgres) -> None:
    await source.write(beat())
    await execute(
        source,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'heartbeat' AND pid <> pg_backend_pid()",
    )
    heartbeat = beat()

    [outcome] = await stamp_all({"postgres": source}, heartbeat, 30)

    assert outcome.ok
    assert (await source.read()).stamp == heartbeat.timestamp


async def test_no_error_contains_the_password(database: dict[str, str]) -> None:
    source = Postgres(
        Pool(settings_of(database | {"PGPASSWORD": "hunter2"}, postgres.KIND)), "worker"
    )

    with pytest.raises(SourceError) as error:
        await source.write(beat())

    assert "hunter2" not in repr(error.value) + repr(source.pool)
    await source.close()
