"""The row in PostgreSQL: stamped, read back, and its schema brought to this version's."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import anyio
from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schema import migrations
from schema.errors import ErrorWord
from schema.freshness import CLOCK_TOLERANCE_S
from schema.heartbeat import Heartbeat, WorkerReport
from schema.tables import LastUpdate
from schema.timestamps import utc_now
from service.errors import SourceError
from service.source import Observation, Source
from service.sources.postgres.errors import translate
from service.sources.postgres.settings import PostgresDetails
from service.sources.postgres.statements import PROBE, READ, REVISION, TABLES, WRITE


class Postgres(Source):
    """The source, on an engine that it owns.

    Args:
        engine: Its pool.
        name: `HEARTBEAT_NAME`.
        now: The clock that the server's is compared with.
        migrating: Held while the schema is brought up to date: one in a process.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        name: str,
        now: Callable[[], datetime] = utc_now,
        migrating: anyio.Lock | None = None,
    ) -> None:
        self.engine = engine
        self._transactional = engine.execution_options(isolation_level="READ COMMITTED")
        self.name = name
        self._now = now
        self._migrated = False
        self._migrating = migrating or anyio.Lock()
        self.database = self

    async def write(self, heartbeat: Heartbeat) -> ErrorWord | None:
        """Write the row, unless it holds a newer stamp that is not in the future.

        Raises:
            SourceError: `clock` if our clock and the server's differ by more than the tolerance;
                else what the server or the way to it refuses.
        """
        if not self._migrated:
            await self.migrate()
        try:
            await self._stamp(heartbeat)
        except SourceError as error:
            if error.word is not ErrorWord.NOT_FOUND:
                raise
            self._migrated = False  # the table has vanished
            await self.migrate()
            await self._stamp(heartbeat)
        return None

    async def read(self) -> Observation:
        """The row, the write probe, and the schema's revision.

        Raises:
            SourceError: The server cannot be read.
        """
        async with self.connection() as connection:
            has_table, has_version = (await connection.execute(TABLES)).one()
            if not has_table:
                return Observation(
                    error=ErrorWord.NOT_FOUND,
                    schema_behind=True,
                    details=PostgresDetails(readable=True),
                )
            revision = await connection.scalar(REVISION) if has_version else None
            row = (await connection.execute(READ, {"name": self.name})).one_or_none()
        error = await self._probe()
        return replace(
            observation(row, error),
            schema_revision=revision,
            schema_behind=not migrations.is_current(revision),
            details=PostgresDetails(readable=True, writable=error is None),
        )

    async def migrate(self) -> str:
        """Bring the schema to this version's head, under the advisory lock.

        Returns:
            The revision that the database now has.

        Raises:
            SourceError: As for a write.
        """
        async with self.connection() as connection:
            has_table, has_version = (await connection.execute(TABLES)).one()
            revision: str | None = await connection.scalar(REVISION) if has_version else None
        if not has_table or not migrations.is_current(revision):
            async with self._migrating:
                revision = await self._upgrade()
        self._migrated = True
        return str(revision)

    async def close(self) -> None:
        """Close the pool's connections; one whose server is silent is cut off."""
        await self.engine.dispose()

    @asynccontextmanager
    async def connection(self, *, transaction: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection of the pool, with its errors turned into ours.

        Each statement commits by itself, unless a transaction is asked for.

        Raises:
            SourceError: Whatever went wrong, as a word.
        """
        begin = self._transactional.begin if transaction else self.engine.connect
        try:
            async with begin() as opened:
                yield opened
        except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as error:
            raise translate(error) from error

    async def _upgrade(self) -> str:
        try:
            async with self.connection(transaction=True) as connection:
                return await connection.run_sync(_upgrade)
        except (migrations.UnknownRevisionError, RuntimeError) as error:
            # What is there is not ours: the text names it, and what to do.
            raise SourceError(ErrorWord.INVALID_DATA, str(error)) from error

    async def _stamp(self, heartbeat: Heartbeat) -> None:
        row = _row(heartbeat, self._now())
        async with self.connection() as connection:
            written, skew_s = (await connection.execute(WRITE, row)).one()
        if not written and abs(skew_s) > CLOCK_TOLERANCE_S:
            raise SourceError(ErrorWord.CLOCK, f"PostgreSQL's clock is {skew_s:+.1f} s from ours")

    async def _probe(self) -> ErrorWord | None:
        try:
            async with self.connection() as connection:
                await connection.execute(PROBE)
        except SourceError as error:
            return error.word
        return None


def observation(row: Any, error: ErrorWord | None) -> Observation:  # Any: a Row of READ
    """What a row of `last_update` says, the older app's rows included.

    Args:
        row: The stamp and the document beside it; None if there is no row.
        error: What else was found to be wrong.
    """
    if row is None:
        return Observation(error=error)
    try:
        report = WorkerReport.model_validate(row.metadata)
    except ValidationError:
        report = None  # the older app wrote a document of its own
    interval_s = report.interval_seconds if report else None
    return Observation(stamp=row.timestamp, interval_s=interval_s, report=report, error=error)


def _upgrade(connection: Connection) -> str:
    """Migrate, and make anew what someone has dropped behind the migrations' back."""
    revision = migrations.upgrade(connection)
    if revision == migrations.head():  # what a newer version wants is not ours to know
        LastUpdate.metadata.create_all(connection)
    return revision


def _row(heartbeat: Heartbeat, our_now: datetime) -> dict[str, object]:
    report = heartbeat.report.model_dump(mode="json") if heartbeat.report else None
    return {
        "source": heartbeat.name,
        "timestamp": heartbeat.timestamp,
        "metadata": report,
        "our_now": our_now,
    }
