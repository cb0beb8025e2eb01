"""Migrate a database like `service/sources/postgres/child.py`, but in this process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from schema import migrations
from service.sources.postgres import KIND, upgrade
from service.sources.postgres.child import Job
from service.sources.postgres.errors import OURS
from service.sources.postgres.pool import arguments
from service.sources.postgres.settings import Settings
from tests.service.configured import settings_of

ALONE = f"SET LOCAL lock_timeout = '1s'; SELECT pg_advisory_xact_lock({migrations.ADVISORY_LOCK})"
EMPTY = """
SELECT current_schema() = 'public'
       AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""
MOST_S = 60.0  # a bound for a hang
CHANGES = ("CREATE ", "COMMENT ", "ALTER ", "INSERT ", "UPDATE ")

_ONE_AT_A_TIME = anyio.Lock()
"""Alembic keeps what it works on in globals of its modules."""
_recorded: dict[str, str] = {}
"""The statements with which Alembic brought an empty database to a head."""


async def upgraded(settings: Settings, answer_timeout_s: float) -> str:
    """Migrate as `child.upgrade` does.

    Hundreds of tests begin with an empty database: all but the first get the statements that
    Alembic executed there, which takes a third of the CPU time.
    """
    head = migrations.head()
    async with _ONE_AT_A_TIME:
        empty = await _repeated(settings, answer_timeout_s, _recorded.get(head, ""))
        if empty and head in _recorded:
            return head
        with _recording() as statements:
            revision = (await upgrade.perform(Job.of(settings, answer_timeout_s))).found()
        if empty and revision == head:
            _recorded[head] = ";\n".join(statements)
    return revision


def migrate(environ: Mapping[str, str]) -> None:
    """Bring the database of an environment to this version's schema; blocks."""
    anyio.run(upgraded, settings_of(environ, KIND), MOST_S)


async def _repeated(settings: Settings, answer_timeout_s: float, statements: str) -> bool:
    """Execute statements if the database is empty; return whether it was and they succeeded."""
    try:
        connection = await asyncpg.connect(**arguments(settings, answer_timeout_s))
        try:
            async with connection.transaction():
                await connection.execute(ALONE)
                empty = bool(await connection.fetchval(EMPTY))
                if empty and statements:
                    await connection.execute(statements)
                return empty
        finally:
            connection.terminate()  # a deadline that has passed would cancel its closing
    except OURS:  # the migration itself reports it, in its own words
        return False


@contextmanager
def _recording() -> Iterator[list[str]]:
    """Collect the changes that SQLAlchemy executes, except those with parameters."""
    found: list[str] = []

    def collect(*executed: Any) -> None:  # Any: connection, cursor, statement, parameters, ...
        statement, parameters = str(executed[2]).strip(), executed[3]
        if statement.startswith(CHANGES) and not parameters:
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", collect)
