"""The history of one name in PostgreSQL, as the worker writes it.

Every transaction holds an advisory lock of the name, so that two concurrent workers give the same
result as one.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from schema.freshness import CLOCK_TOLERANCE_S
from schema.history import KEPT_DAYS, Record
from service.source import Connection, Database
from service.sql import history as sql
from service.sql.statement import Statement

COUNTED_KEPT = timedelta(days=KEPT_DAYS)  # hours and incidents
RECORD_FIELDS = [field.name for field in fields(Record)]
AT_ONCE = 1000  # rows per transaction, so that each is short
COUNTED_AT_ONCE = 200  # hours per transaction
DAY = timedelta(days=1)
DAY_OVER = timedelta(hours=2)  # after a day's end: its last slot, of an hour at most, is settled
DAYS_AT_ONCE = 100  # days of a source a transaction


class Ledger:
    """The history of one name in PostgreSQL.

    Args:
        database: The database; its pool is shared with the stamp.
        name: `HEARTBEAT_NAME`.
    """

    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self._database = database

    async def add(self, records: Sequence[Record]) -> int:
        """Add beats; a slot that already has one keeps it.

        A slot in the server's future comes from a clock that is ahead; it would take the place of
        the right beat.

        Returns:
            How many were refused because their slot is in the future.

        Raises:
            SourceError: PostgreSQL cannot be written; nothing was added.
        """
        async with self._transaction() as (connection, their_now):
            latest = their_now + timedelta(seconds=CLOCK_TOLERANCE_S)
            past = [record for record in records if record.slot <= latest]
            beats = {each: [getattr(record, each) for record in past] for each in RECORD_FIELDS}
            changed = await connection.rows(sql.ADD, name=self.name, **beats)
            if changed:
                sources, first, last = (list(column) for column in zip(*changed, strict=True))
                await connection.change(
                    sql.DERIVE, name=self.name, sources=sources, first=first, last=last
                )
        return len(records) - len(past)

    async def repair(self) -> None:
        """Restore missing parts of the schema.

        Raises:
            SourceError: It cannot be restored.
        """
        await self._database.migrate()

    async def count(self, now: datetime) -> None:
        """Count the hours that have ended and have uncounted beats.

        Args:
            now: The time by which an hour must have ended.

        Raises:
            SourceError: PostgreSQL cannot be written; counted hours stay counted.
        """
        await self._change_all(sql.COUNT_HOURS, COUNTED_AT_ONCE, now=now)
        async with self._transaction() as (connection, _):
            await connection.change(sql.REFUTE_DAYS, name=self.name)
            hours = await connection.rows(sql.SOURCES, name=self.name)
        await self._change_all(
            sql.SUM_DAYS,
            DAYS_AT_ONCE,
            sources=[row.source for row in hours],
            after=_midnight(now - COUNTED_KEPT) + DAY,
            before=_midnight(now - DAY_OVER),
        )

    async def prune(self, now: datetime, kept: timedelta) -> None:
        """Remove old beats in small batches, and hours and incidents that are even older.

        Beats are removed by whole hours, and never while their incident extends into the kept time,
        so that later counts always have all beats.

        Args:
            now: The time from which ages count.
            kept: How long beats are kept.

        Raises:
            SourceError: PostgreSQL cannot be written; removed rows stay removed.
        """
        before, oldest = now - kept, now - max(kept, COUNTED_KEPT)
        async with self._database.connection() as connection:
            hours = await connection.rows(sql.SOURCES, name=self.name)
        whole = before.replace(minute=0, second=0, microsecond=0)
        await self._change_all(sql.SEAL, AT_ONCE, before=whole)
        for row in hours:
            await self._change_all(sql.PRUNE_BEATS, AT_ONCE, source=row.source, before=before)
        for statement in (sql.PRUNE_HOURS, sql.PRUNE_DAYS, sql.PRUNE_INCIDENTS):
            await self._change_all(statement, AT_ONCE, before=oldest)

    async def _change_all(self, statement: Statement, most: int, **values: object) -> None:
        """Execute a statement that changes a limited number of rows, until it finds no more."""
        changed = most
        while changed == most:
            async with self._transaction() as (connection, _):
                changed = await connection.change(statement, name=self.name, most=most, **values)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[tuple[Connection, datetime]]:
        """Provide a transaction that holds the lock, and the server's clock."""
        async with self._database.connection(transaction=True) as connection:
            locked = await connection.row(sql.LOCK, name=self.name)
            yield connection, locked[0]


def _midnight(moment: datetime) -> datetime:
    """Return the start of a moment's day in UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
