"""One author's history in PostgreSQL, as the worker writes it.

Every transaction holds one advisory lock of its author, so that two workers at once leave what
one would.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from schema.freshness import CLOCK_TOLERANCE_S
from schema.history import KEPT_DAYS, Record
from schema.tables import Hour, Incident, table
from service.history import upkeep
from service.history.beats import ADD, DERIVE, LOCK, RECORD
from service.source import Database

COUNTED_KEPT = timedelta(days=KEPT_DAYS)  # hours and incidents

_hours, _incidents = table(Hour).c, table(Incident).c


class Ledger:
    """The history of one author in PostgreSQL.

    Args:
        database: Where it is; the pool is shared with the stamp.
        name: `HEARTBEAT_NAME`.
    """

    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self._database = database

    async def add(self, records: Sequence[Record]) -> int:
        """Add beats; a slot that has one keeps it.

        A slot that the server's clock has not reached comes from a clock that is ahead: it would
        take the place of the beat that belongs there.

        Returns:
            How many were refused because their slot lies in the future.

        Raises:
            SourceError: PostgreSQL cannot be written; nothing was added.
        """
        async with self._transaction() as (connection, their_now):
            latest = their_now + timedelta(seconds=CLOCK_TOLERANCE_S)
            past = [record for record in records if record.slot <= latest]
            beats = {each: [getattr(record, each) for record in past] for each in RECORD}
            changed = (await connection.execute(ADD, {"name": self.name, **beats})).all()
            if changed:
                sources, first, last = (list(column) for column in zip(*changed, strict=True))
                touched = {"sources": sources, "first": first, "last": last}
                await connection.execute(DERIVE, {"name": self.name, **touched})
        return len(records) - len(past)

    async def repair(self) -> None:
        """Make anew what has vanished of the schema.

        Raises:
            SourceError: It cannot be.
        """
        await self._database.migrate()

    async def count(self, now: datetime) -> None:
        """Count the hours that are over and have beats that are not counted yet.

        Args:
            now: What is due later is not over.

        Raises:
            SourceError: PostgreSQL cannot be written; what was counted stays.
        """
        counted = upkeep.COUNTED_AT_ONCE
        while counted == upkeep.COUNTED_AT_ONCE:
            async with self._transaction() as (connection, _):
                counted = (await connection.execute(upkeep.count_hours(self.name, now))).rowcount

    async def prune(self, now: datetime, kept: timedelta) -> None:
        """Remove old beats in small batches, and hours and incidents that are older still.

        Beats go by whole hours, and never while an incident that they are part of reaches into
        what is kept: so whatever is counted again later is counted from all its beats.

        Args:
            now: Ages count from here.
            kept: How long beats are kept.

        Raises:
            SourceError: PostgreSQL cannot be written; what was removed stays so.
        """
        oldest = now - max(kept, COUNTED_KEPT)
        async with self._database.connection() as connection:
            sources = (await connection.scalars(upkeep.sources(self.name))).all()
        for statement in (
            upkeep.seal(self.name, now - kept),
            *(upkeep.prune_beats(self.name, source, now - kept) for source in sources),
            upkeep.prune_rows(Hour, self.name, _hours.pruned & (_hours.hour < oldest), "hour"),
            upkeep.prune_rows(Incident, self.name, _incidents.ended < oldest, "began"),
        ):
            changed = upkeep.AT_ONCE
            while changed == upkeep.AT_ONCE:
                async with self._transaction() as (connection, _):
                    changed = (await connection.execute(statement)).rowcount

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        """A transaction that holds the lock, and the server's clock."""
        async with self._database.connection(transaction=True) as connection:
            locked = await connection.execute(LOCK, {"name": self.name})
            yield connection, locked.scalar_one()
