"""Create records and run queries for the tests of history."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from schema.errors import ErrorWord
from schema.history import Record
from schema.timestamps import utc_now
from service.history.ledger import Ledger
from service.sources import postgres
from service.sources.postgres.pool import Pool
from service.sources.postgres.store import Postgres
from service.sql.statement import Statement
from tests.service.configured import settings_of

HOUR = datetime(2026, 11, 24, 10, tzinfo=UTC)
"""An hour in the past; the tests' beats are in it and around it."""


def connected(environ: dict[str, str]) -> Postgres:
    """Connect to PostgreSQL as the worker and the API do."""
    return Postgres(Pool(settings_of(environ, postgres.KIND)), "worker")


def at(minutes: float) -> datetime:
    """Return the time a number of minutes after the hour's start."""
    return HOUR + timedelta(minutes=minutes)


def beat(
    minutes: float,
    error: ErrorWord | None = None,
    source: str = "valkey",
    interval_s: float = 60.0,
    latency_ms: float = 1.0,
) -> Record:
    """Make a record of the slot that begins a number of minutes after the hour's start."""
    return Record(
        source=source,
        slot=at(minutes),
        interval_seconds=interval_s,
        stamp=at(minutes) + timedelta(seconds=7),
        error=error,
        attempts=1,
        latency_ms=latency_ms,
    )


def two_hours(*, failed: set[int]) -> list[Record]:
    """Make the records of two sources in the last two hours, PostgreSQL's first.

    Args:
        failed: Minutes in which PostgreSQL's write failed.
    """
    slot = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=120)
    return [
        Record(
            source=name,
            slot=slot + timedelta(minutes=n),
            interval_seconds=60.0,
            stamp=slot + timedelta(minutes=n, seconds=1, microseconds=n),
            error=ErrorWord.READ_ONLY if n in failed and name == "postgres" else None,
            attempts=1,
            latency_ms=2.25,
        )
        for name in ("postgres", "valkey")
        for n in range(120)
    ]


async def keep(environ: dict[str, str], records: Sequence[Record]) -> None:
    """Migrate PostgreSQL, and add records to its history."""
    source = connected(environ)
    await source.migrate()
    await Ledger(source, "worker").add(records)
    await source.close()


async def rows(source: Postgres, query: str) -> list[Sequence[Any]]:
    """Return the rows of a query."""
    async with source.connection() as connection:
        return [tuple(row) for row in await connection.rows(Statement(query))]
