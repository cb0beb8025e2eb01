"""Each test finds an unchanged PostgreSQL, whatever an earlier test did to it."""

from collections.abc import Mapping

import asyncpg
import pytest

from local.postgres import Postgres
from tests.platform import admin
from tests.platform.emptied import NAME, empty

pytestmark = pytest.mark.anyio
LEFT = {
    "a table, and rows": "CREATE TABLE last_update (id int); INSERT INTO last_update VALUES (1)",
    "a type and a function": "CREATE TYPE word AS ENUM ('a'); CREATE FUNCTION public.one() "
    "RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a schema": "CREATE SCHEMA other; CREATE TABLE other.thing (id int)",
    "a setting": f"ALTER DATABASE {NAME} SET default_transaction_read_only = on",
    "a bound on connections": f"ALTER DATABASE {NAME} CONNECTION LIMIT 0",
    "a privilege taken away": f"REVOKE CONNECT ON DATABASE {NAME} FROM PUBLIC",
    "a right to the schema": "REVOKE ALL ON SCHEMA public FROM PUBLIC",
}


@pytest.fixture
async def server(postgres: Postgres) -> Mapping[str, str]:
    await empty(postgres.environment)
    return postgres.environment


@pytest.mark.parametrize("statements", LEFT.values(), ids=LEFT)
async def test_a_test_finds_no_trace_of_an_earlier_one(
    server: Mapping[str, str], statements: str
) -> None:
    fresh = await description(server)
    session = await admin.postgres(server, NAME)
    await session.execute(statements)

    await empty(server)

    assert await description(server) == fresh
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await session.execute("SELECT 1")


async def description(environ: Mapping[str, str]) -> list[object]:
    """Return a database's objects and permissions."""
    session = await admin.postgres(environ, NAME)
    try:
        return [
            await session.fetch(statement)
            for statement in (
                "SELECT relname, relnamespace::regnamespace::text FROM pg_class "
                "WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_%' ORDER BY 1, 2",
                "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
                "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace",
                "SELECT nspname, nspowner::regrole::text, nspacl::text FROM pg_namespace "
                "ORDER BY nspname",
                "SELECT datconnlimit, datacl::text FROM pg_database WHERE datname = 'test'",
                "SHOW default_transaction_read_only",
            )
        ]
    finally:
        await session.close()
