"""Provide an empty PostgreSQL database for each test; create it again only if necessary."""

from collections.abc import Mapping

import asyncpg

from tests.platform import admin

NAME = "test"
# Whether the database is unchanged since its creation, except in its schema `public`.
AS_MADE = f"""
SELECT datallowconn AND datconnlimit = -1 AND datacl IS NULL
       AND NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = pg_database.oid)
       AND NOT EXISTS (SELECT FROM pg_extension WHERE extname <> 'plpgsql')
       AND NOT EXISTS (SELECT FROM pg_event_trigger)
       AND NOT EXISTS (SELECT FROM pg_namespace
                       WHERE nspname <> 'public' AND nspname <> 'information_schema'
                             AND nspname NOT LIKE 'pg\\_%')
FROM pg_database WHERE datname = '{NAME}'
"""
END_SESSIONS = f"""
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = '{NAME}' AND pid <> pg_backend_pid()
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
    if await emptied(environ):
        return
    server = await admin.postgres(environ)
    try:
        await server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        await server.execute(f"CREATE DATABASE {NAME}")
    finally:
        await server.close()


async def emptied(environ: Mapping[str, str]) -> bool:
    """Empty the schema `public`; return False if the database is missing or changed otherwise."""
    try:
        database = await admin.postgres(environ, NAME)
    except asyncpg.PostgresError:  # none, or one that accepts no connections
        return False
    try:
        await database.execute(END_SESSIONS)
        if not await database.fetchval(AS_MADE):
            return False
        await database.execute(EMPTY)
    finally:
        await database.close()
    return True
