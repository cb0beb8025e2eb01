import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

import schema.tables  # noqa: F401 - registers the tables
from schema import migrations
from schema.migrations import VERSION_TABLE, UnknownRevisionError, head, is_current, upgrade
from service.sources import postgres
from service.sources.postgres.upgrade import engine as sqlalchemys
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio

OLDER_APP = (
    "CREATE TABLE last_update (source VARCHAR(50) PRIMARY KEY, "
    "timestamp TIMESTAMP WITH TIME ZONE NOT NULL, metadata JSONB)",
    "CREATE TABLE test_data (id SERIAL PRIMARY KEY, value TEXT)",
    "INSERT INTO last_update VALUES "
    """('worker_service', '2026-11-24T21:03:13.072859Z', '{"cycle": 7}')""",
    "INSERT INTO test_data (value) VALUES ('kept')",
)


@pytest.fixture
async def engine(database: dict[str, str]) -> AsyncIterator[AsyncEngine]:
    """An engine on an empty database, that commits by transaction."""
    made = sqlalchemys(settings_of(database, postgres.KIND))
    yield made.execution_options(isolation_level="READ COMMITTED")
    await made.dispose()


async def run(engine: AsyncEngine, *statements: str) -> list[tuple[Any, ...]]:
    async with engine.begin() as connection:
        for statement in statements:
            result = await connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


async def migrate(engine: AsyncEngine) -> str:
    async with engine.begin() as connection:
        return await connection.run_sync(upgrade)


async def downgrade(engine: AsyncEngine) -> None:
    def down(connection: Connection) -> None:
        command.downgrade(migrations.config(connection), "base")

    async with engine.begin() as connection:
        await connection.run_sync(down)


async def tables(engine: AsyncEngine) -> set[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return {row[0] for row in await run(engine, query)}


async def test_migrations_give_exactly_the_models(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        return list(compare_metadata(context, SQLModel.metadata))

    await migrate(engine)

    async with engine.begin() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_table_of_stamps_equals_the_older_apps(engine: AsyncEngine) -> None:
    await migrate(engine)

    columns = await run(
        engine,
        "SELECT column_name, data_type, character_maximum_length, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_name = 'last_update' "
        "ORDER BY ordinal_position",
    )
    assert columns == [
        ("source", "character varying", 50, "NO", None),
        ("timestamp", "timestamp with time zone", None, "NO", None),
        ("metadata", "jsonb", None, "YES", None),
    ]
    key = await run(
        engine,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = 'last_update'::regclass AND contype = 'p'",
    )
    assert key == [("PRIMARY KEY (source)",)]


def test_the_head_by_file_names_equals_alembics() -> None:
    script = ScriptDirectory.from_config(migrations.config())

    assert script.get_heads() == [head()]


async def test_migrating_twice_changes_nothing(engine: AsyncEngine) -> None:
    first = await migrate(engine)
    await run(engine, "INSERT INTO last_update VALUES ('worker', now(), NULL)")

    assert await migrate(engine) == first == head()
    assert await run(engine, "SELECT source FROM last_update") == [("worker",)]


async def test_an_older_apps_database_is_adopted_with_its_rows(engine: AsyncEngine) -> None:
    await run(engine, *OLDER_APP)

    assert await migrate(engine) == head()

    rows = await run(engine, "SELECT source, metadata FROM last_update")
    assert rows == [("worker_service", {"cycle": 7})]
    assert await run(engine, "SELECT value FROM test_data") == [("kept",)]


async def test_a_downgrade_keeps_an_adopted_table(engine: AsyncEngine) -> None:
    await run(engine, *OLDER_APP)
    await migrate(engine)

    await downgrade(engine)

    assert await tables(engine) == {"last_update", "test_data", VERSION_TABLE}
    assert await run(engine, "SELECT count(*) FROM last_update") == [(1,)]
    assert await migrate(engine) == head()


async def test_a_downgrade_drops_the_tables_that_it_created(engine: AsyncEngine) -> None:
    await migrate(engine)

    await downgrade(engine)

    assert await tables(engine) == {VERSION_TABLE}


async def test_an_adopted_table_without_the_document_column_gets_it(engine: AsyncEngine) -> None:
    await run(
        engine,
        "CREATE TABLE last_update (source VARCHAR(50) PRIMARY KEY, timestamp TIMESTAMPTZ NOT NULL)",
    )

    await migrate(engine)

    await run(engine, "INSERT INTO last_update VALUES ('worker', now(), '{}')")


async def test_a_different_table_of_that_name_is_refused(engine: AsyncEngine) -> None:
    await run(engine, "CREATE TABLE last_update (source VARCHAR(50), timestamp INTEGER)")

    with pytest.raises(RuntimeError, match=r"timestamp is INTEGER.*rename that table"):
        await migrate(engine)

    assert await tables(engine) == {"last_update"}


async def test_a_newer_database_is_accepted_and_not_changed(engine: AsyncEngine) -> None:
    await migrate(engine)
    await run(engine, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")

    assert await migrate(engine) == "9999"
    assert is_current("9999")


async def test_an_unknown_revision_is_refused(engine: AsyncEngine) -> None:
    await migrate(engine)
    await run(engine, f"UPDATE {VERSION_TABLE} SET version_num = 'cafe'")

    with pytest.raises(UnknownRevisionError, match="'cafe'"):
        await migrate(engine)


@pytest.mark.parametrize(("revision", "current"), [(None, False), ("0000", False), ("9999", True)])
def test_a_schema_is_current_at_the_head_or_beyond(revision: str | None, current: bool) -> None:
    assert is_current(revision) is current
    assert is_current(head())


async def test_two_simultaneous_processes_migrate_once(
    engine: AsyncEngine, database: dict[str, str]
) -> None:
    async with engine.begin() as connection:  # both stand before the lock before either goes on
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrations.ADVISORY_LOCK}
        )
        both = [
            subprocess.Popen(
                [sys.executable, "-m", "service", "migrate"],
                env=os.environ | database,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while (await run(engine, waiting)) != [(2,)]:
            assert all(process.poll() is None for process in both)
            await anyio.sleep(0.02)

    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all('"event": "migrated"' in text for text in outputs)
    assert await run(engine, f"SELECT version_num FROM {VERSION_TABLE}") == [(head(),)]


TABLE = "CREATE TABLE last_update (source VARCHAR(50), timestamp TIMESTAMPTZ NOT NULL{}) {}"
UNIQUE = "CREATE UNIQUE INDEX ON last_update (source)"


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ([TABLE.format("", "")], "no whole unique index"),
        ([TABLE.format("", ""), f"{UNIQUE} WHERE source <> ''"], "no whole unique index"),
        ([TABLE.format(", PRIMARY KEY (source, timestamp)", "")], "no whole unique index"),
        ([TABLE.format(", owner TEXT NOT NULL", ""), UNIQUE], "owner"),
        ([TABLE.format(", CONSTRAINT ours CHECK (source = 'app')", ""), UNIQUE], "ours"),
        (
            [TABLE.format(", metadata JSON GENERATED ALWAYS AS ('1') STORED", ""), UNIQUE],
            "metadata",
        ),
        ([TABLE.format("", "PARTITION BY LIST (source)"), UNIQUE], "no partition"),
        (
            [
                TABLE.format("", ""),
                UNIQUE,
                "ALTER TABLE last_update ALTER COLUMN source TYPE VARCHAR(3)",
            ],
            r"character varying\(3\)",
        ),
        (
            [
                TABLE.format("", ""),
                UNIQUE,
                "ALTER TABLE last_update ALTER COLUMN timestamp TYPE TIMESTAMPTZ(0)",
            ],
            r"TIMESTAMP\(0\)",
        ),
        (
            [
                TABLE.format("", ""),
                UNIQUE,
                "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RETURN NULL; END $$",
                "CREATE TRIGGER swallow BEFORE INSERT ON last_update FOR EACH ROW "
                "EXECUTE FUNCTION swallow()",
            ],
            "discards",
        ),
        (
            [
                TABLE.format(", metadata VARCHAR(100)", ""),
                UNIQUE,
            ],
            r"character varying\(100\)",
        ),
        (
            [
                TABLE.format("", ""),
                UNIQUE,
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE 'not at the commit'; END $$",
                "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON last_update "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
            ],
            "not at the commit",
        ),
    ],
)
async def test_a_table_that_accepts_no_stamp_is_refused_with_the_reason_and_unchanged(
    engine: AsyncEngine, statements: list[str], reason: str
) -> None:
    await run(engine, *statements)
    before = await run(engine, COLUMNS)

    with pytest.raises(RuntimeError, match=reason) as error:
        await migrate(engine)

    assert "PGDATABASE" in str(error.value)
    assert await run(engine, COLUMNS) == before
    assert await tables(engine) == {"last_update"}


COLUMNS = (
    "SELECT column_name::text, data_type::text FROM information_schema.columns "
    "WHERE table_name = 'last_update' ORDER BY 1"
)


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE last_update (source TEXT PRIMARY KEY, timestamp TIMESTAMPTZ NOT NULL)"],
        [TABLE.format("", ""), UNIQUE],
        [
            TABLE.format(", PRIMARY KEY (source)", "PARTITION BY LIST (source)"),
            "CREATE TABLE rest PARTITION OF last_update DEFAULT",
        ],
    ],
)
async def test_a_table_that_accepts_a_stamp_is_adopted_and_the_trial_leaves_no_row(
    engine: AsyncEngine, statements: list[str]
) -> None:
    await run(engine, *statements)

    assert await migrate(engine) == head()

    assert await run(engine, "SELECT source FROM last_update") == []
