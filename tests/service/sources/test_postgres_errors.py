"""Each error of PostgreSQL, sent by a real server through the real driver."""

from collections.abc import AsyncIterator

import anyio.lowlevel
import asyncpg
import pytest

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from schema.migrations import ADVISORY_LOCK, VERSION_TABLE
from schema.timestamps import utc_now
from service.errors import SourceError
from service.sources import postgres
from service.sources.postgres.errors import translate
from service.sources.postgres.pool import Pool
from service.sources.postgres.store import Postgres
from service.sql.statement import Statement
from service.sql.tables import COLUMNS
from tests.platform import admin
from tests.reality import Fact, reality
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio

SERVER = "PostgreSQL 18, by asyncpg 0.32"
GUEST = {"PGUSER": "guest", "PGPASSWORD": "guest"}


def connected(environ: dict[str, str]) -> Postgres:
    return Postgres(Pool(settings_of(environ, postgres.KIND)), "worker")


@pytest.fixture
async def source(database: dict[str, str]) -> AsyncIterator[Postgres]:
    made = connected(database)
    await made.write(beat())
    yield made
    await made.close()


@pytest.fixture
async def guest(source: Postgres, database: dict[str, str]) -> AsyncIterator[Postgres]:
    """Create a user who has the rights that the worker needs, and owns nothing."""
    await execute(
        source,
        "DROP ROLE IF EXISTS guest",
        "CREATE ROLE guest LOGIN PASSWORD 'guest'",
        "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO guest",
    )
    made = connected(database | GUEST)
    yield made
    await made.close()


def beat() -> Heartbeat:
    return Heartbeat(name="worker", timestamp=utc_now())


async def execute(source: Postgres, *statements: str) -> None:
    async with source.connection() as connection:
        for statement in statements:
            await connection.rows(Statement(statement))


async def test_the_server_is_the_one_that_the_page_names(source: Postgres) -> None:
    async with source.connection() as connection:
        [[version]] = await connection.rows(Statement("SHOW server_version"))

    assert f"PostgreSQL {version[:2]}, by asyncpg {asyncpg.__version__[:4]}" == SERVER


async def write_error(source: Postgres) -> SourceError:
    with pytest.raises(SourceError) as error:
        await source.write(beat())
    return error.value


async def test_a_user_with_every_right_it_needs_and_no_more_writes(guest: Postgres) -> None:
    heartbeat = beat()

    await guest.write(heartbeat)

    assert (await guest.read()).stamp == heartbeat.timestamp


@reality(SERVER, "the database allows no connections", "55000", ErrorWord.UNREACHABLE)
async def test_a_database_that_accepts_no_connections_is_unreachable_and_retried(
    fact: Fact,
    source: Postgres,  # noqa: ARG001 - its connections stay
    database: dict[str, str],
) -> None:
    admin = connected(database | {"PGDATABASE": "postgres"})
    await execute(admin, "ALTER DATABASE test ALLOW_CONNECTIONS false")
    try:
        other = connected(database)
        found = await write_error(other)
        await other.close()
    finally:
        await execute(admin, "ALTER DATABASE test ALLOW_CONNECTIONS true")
        await admin.close()

    assert (found.word, found.retryable) == (fact.word, True)
    assert f"({fact.answer}): " in found.detail
    assert "not currently accepting connections" in found.detail


@reality(SERVER, "the user lacks USAGE on the schema", "42501 or 42P01", ErrorWord.PERMISSION)
async def test_a_revoked_schema_is_permission_and_names_the_right(
    fact: Fact, source: Postgres, guest: Postgres
) -> None:
    await execute(source, "REVOKE USAGE ON SCHEMA public FROM PUBLIC, guest")

    written, read = await write_error(guest), await guest.read()

    assert (written.word, written.cause) == (fact.word, Cause.SCHEMA_USAGE)
    assert (read.error, read.cause) == (ErrorWord.PERMISSION, Cause.SCHEMA_USAGE)
    assert not read.schema_behind


@reality(SERVER, "the user's search path is empty", "42P01 or 3F000", ErrorWord.NOT_FOUND)
async def test_an_empty_search_path_is_reported_with_its_cause(
    fact: Fact, source: Postgres, guest: Postgres
) -> None:
    await execute(source, "ALTER ROLE guest SET search_path = ''")

    written, read = await write_error(guest), await guest.read()

    assert (written.word, written.cause) == (fact.word, Cause.SEARCH_PATH)
    assert (read.error, read.cause) == (ErrorWord.NOT_FOUND, Cause.SEARCH_PATH)


@reality(SERVER, "row security refuses the row", "42501", ErrorWord.PERMISSION)
async def test_row_security_is_permission_with_its_cause(
    fact: Fact, source: Postgres, guest: Postgres
) -> None:
    await execute(
        source, "DELETE FROM last_update", "ALTER TABLE last_update ENABLE ROW LEVEL SECURITY"
    )

    found = await write_error(guest)

    assert (found.word, found.cause) == (fact.word, Cause.ROW_SECURITY)
    assert f"({fact.answer}): " in found.detail


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            "DROP COLUMN metadata, ADD COLUMN metadata JSONB GENERATED ALWAYS AS ('{}') STORED",
            marks=reality(SERVER, "a generated column", "428C9", ErrorWord.INVALID_DATA),
        ),
        pytest.param(
            "ALTER COLUMN metadata SET NOT NULL",
            marks=reality(SERVER, "another NOT NULL column", "23502", ErrorWord.INVALID_DATA),
        ),
        pytest.param(
            "ADD CONSTRAINT never CHECK (timestamp < '2001-01-01') NOT VALID",
            marks=reality(SERVER, "a CHECK that fails", "23514", ErrorWord.INVALID_DATA),
        ),
        pytest.param(
            "DROP CONSTRAINT last_update_pkey",
            marks=reality(SERVER, "no unique index on the key", "42P10", ErrorWord.INVALID_DATA),
        ),
    ],
)
async def test_a_table_that_refuses_a_stamp_is_invalid_data(
    fact: Fact, source: Postgres, change: str
) -> None:
    await execute(source, "DELETE FROM last_update", f"ALTER TABLE last_update {change}")

    found = await write_error(source)

    assert (found.word, found.cause) == (fact.word, Cause.STAMP_REFUSED)
    assert f"({fact.answer}): " in found.detail
    assert not found.retryable


async def test_a_migration_reports_why_a_table_refuses_the_stamp(source: Postgres) -> None:
    never = "ADD CONSTRAINT never CHECK (source = 'x') NOT VALID"
    await execute(source, f"ALTER TABLE last_update {never}")

    with pytest.raises(SourceError, match='violates check constraint "never"') as error:
        await source.migrate(thorough=True)

    assert error.value.word is ErrorWord.INVALID_DATA


async def test_a_session_that_ended_because_the_disk_is_full_is_full(source: Postgres) -> None:
    """A server without room for WAL reports it only in the text that ends the session."""
    with pytest.raises(SourceError, match="No space left") as error:
        await execute(
            source,
            "DO $$ BEGIN RAISE EXCEPTION 'could not write to file: No space left on device' "
            "USING ERRCODE = '08003'; END $$",
        )

    assert error.value.word is ErrorWord.FULL


def test_an_unknown_error_is_failed_and_not_retried() -> None:
    found = translate(RuntimeError("a defect"))

    assert (found.word, found.retryable) == (ErrorWord.FAILED, False)


@reality(SERVER, "the server ends the session", "57P01, as 08003", ErrorWord.UNREACHABLE)
async def test_a_session_that_the_server_ended_is_unreachable(fact: Fact, source: Postgres) -> None:
    with pytest.raises(SourceError, match="terminating connection") as error:
        await execute(source, "SELECT pg_terminate_backend(pg_backend_pid())")

    assert error.value.word is fact.word


TABLES = sorted(COLUMNS.keys() - {"last_update"})


async def restored(source: Postgres) -> None:
    """Wait for the migration in the background."""
    while (await source.read()).schema_behind:
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("table", TABLES)
async def test_a_dropped_table_of_history_is_reported_and_created_again(
    source: Postgres, table: str
) -> None:
    await execute(source, f"DROP TABLE {table}")

    before = await source.read()
    await source.migrate()
    after = await source.read()

    assert (before.schema_behind, before.schema_missing) == (True, (table,))
    assert before.error is None  # the stamp does not suffer
    assert (after.schema_behind, after.schema_missing) == (False, ())


async def test_the_worker_restores_the_whole_schema_within_a_minute(
    source: Postgres,
) -> None:
    await execute(source, "DROP TABLE heartbeat_beats")
    await source.write(beat())
    assert (await source.read()).schema_missing == ("heartbeat_beats",)
    source._look_due = 0.0  # a minute later

    await source.write(beat())

    await restored(source)


@pytest.mark.parametrize("table", ["heartbeat_days", VERSION_TABLE])
async def test_no_stamp_waits_until_another_table_is_restored(
    source: Postgres, database: dict[str, str], table: str
) -> None:
    await execute(source, f"DROP TABLE {table}")
    source._look_due = 0.0
    other = await admin.postgres(database)
    await other.execute(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
    heartbeat = beat()

    await source.write(heartbeat)

    found = await source.read()
    assert (found.stamp, found.error, found.schema_behind) == (heartbeat.timestamp, None, True)
    await other.close()
    await restored(source)


async def test_a_lock_that_the_servers_limit_ends_hides_no_stamp(
    source: Postgres, guest: Postgres, database: dict[str, str]
) -> None:
    heartbeat = beat()
    await source.write(heartbeat)
    await execute(source, "ALTER ROLE guest SET lock_timeout = '100ms'")
    other = await admin.postgres(database)
    await other.execute("BEGIN; LOCK TABLE last_update IN SHARE MODE")

    found = await guest.read()

    await other.close()
    assert (found.stamp, found.error) == (heartbeat.timestamp, ErrorWord.TIMEOUT)


async def test_a_nullable_column_is_restored_by_the_next_write(
    source: Postgres,
) -> None:
    await execute(source, "ALTER TABLE last_update DROP COLUMN metadata")

    before = await source.read()
    await source.write(beat())

    assert (before.error, before.cause) == (ErrorWord.NOT_FOUND, Cause.COLUMN_MISSING)
    assert before.schema_missing == ("last_update.metadata",)
    assert (await source.read()).schema_missing == ()


async def test_a_column_that_cannot_come_back_hinders_no_other(source: Postgres) -> None:
    for column in ("heartbeat_beats DROP COLUMN attempts", "heartbeat_leases DROP COLUMN token"):
        await execute(source, f"ALTER TABLE {column}")
    await execute(source, "DROP TABLE heartbeat_days")
    await execute(source, "ALTER TABLE last_update DROP COLUMN metadata")
    source._look_due = 0.0
    given = beat()

    await source.write(given)

    found = await source.read()
    assert (found.stamp, found.error) == (given.timestamp, None)
    assert found.schema_missing == ("heartbeat_beats.attempts", "heartbeat_leases.token")


async def test_a_missing_required_column_is_named_and_no_stamp_is_lost(
    source: Postgres,
) -> None:
    await execute(source, "ALTER TABLE heartbeat_beats DROP COLUMN attempts")

    with pytest.raises(SourceError, match=r"heartbeat_beats\.attempts \(INTEGER") as error:
        await source.migrate()
    source._look_due = 0.0
    heartbeat = beat()
    await source.write(heartbeat)

    found = await source.read()
    assert (error.value.word, error.value.cause) == (ErrorWord.NOT_FOUND, Cause.COLUMN_MISSING)
    assert (found.stamp, found.schema_missing) == (
        heartbeat.timestamp,
        ("heartbeat_beats.attempts",),
    )
