"""Provide an empty PostgreSQL database for each test; create it again only if necessary."""

from collections.abc import Mapping

from tests.platform import admin

NAME = "test"
# Whether the database is unchanged since its creation, except in its schema `public`.
AS_MADE = f"""
SELECT datallowconn AND datconnlimit = -1 AND datacl IS NULL
       AND NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = pg_database.oid)
FROM pg_database WHERE datname = '{NAME}'
"""
ONLY_PUBLIC = """
SELECT NOT EXISTS (SELECT FROM pg_extension WHERE extname <> 'plpgsql')
       AND NOT EXISTS (SELECT FROM pg_event_trigger)
       AND NOT EXISTS (SELECT FROM pg_namespace
                       WHERE nspname <> 'public' AND nspname <> 'information_schema'
                             AND nspname NOT LIKE 'pg\\_%')
"""
END_SESSIONS = f"""
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{NAME}'
"""
# The schema as initdb creates it [PostgreSQL 18, ddl-schemas]. This takes an eighth of the time of
# a new database, which copies a whole folder and makes a checkpoint.
EMPTY = """
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


async def empty(environ: Mapping[str, str]) -> None:
    """Make the database `test` empty, and end its sessions."""
    server = await admin.postgres(environ)
    try:
        await server.execute(END_SESSIONS)
        if await server.fetchval(AS_MADE) and await emptied(environ):
            return
        await server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        await server.execute(f"CREATE DATABASE {NAME}")
    finally:
        await server.close()


async def emptied(environ: Mapping[str, str]) -> bool:
    """Empty the schema `public`; return False if the database has further changes."""
    database = await admin.postgres(environ, NAME)
    try:
        if not await database.fetchval(ONLY_PUBLIC):
            return False
        await database.execute(EMPTY)
    finally:
        await database.close()
    return True
