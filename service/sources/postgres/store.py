"""The row in PostgreSQL, and the migration of its schema."""

import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

import anyio
import structlog

from schema.errors import Cause, ErrorWord
from schema.freshness import CLOCK_TOLERANCE_S
from schema.heartbeat import Heartbeat, ServerReport, read_report
from schema.timestamps import utc_now
from service.errors import Shortfall, SourceError
from service.observation import Observation
from service.source import Source
from service.sources.postgres.migration import Migration
from service.sources.postgres.place import PLACE
from service.sources.postgres.pool import Pool
from service.sources.postgres.reading import read_whole
from service.sources.postgres.schema import Found, lacks_stamps, look, takes_stamps, why_hidden
from service.sources.postgres.session import Session
from service.sources.postgres.settings import PostgresDetails
from service.sql.stamps import PROBE, READ, WRITE

LOOK_S = 60.0  # how often the worker checks that the whole schema exists
READ_S = 2.0  # of a reading's one statement; opening a connection has a limit of its own
PARTS_S = 4.0  # if it takes several, one after the other
OF_LOCKS = {"55P03", "57014"}  # a limit of the server's ended the wait for somebody's lock
REFUSED_PART = frozenset(  # words of a server that may still do the other parts of a reading
    {
        *(ErrorWord.NOT_FOUND, ErrorWord.PERMISSION, ErrorWord.READ_ONLY),
        *(ErrorWord.INVALID_DATA, ErrorWord.FAILED),
    }
)

log = structlog.get_logger()


class Postgres(Source):
    """A connected PostgreSQL.

    Args:
        pool: Its connection pool, closed with the source.
        name: `HEARTBEAT_NAME`.
        now: The clock to compare with the server's.
    """

    def __init__(self, pool: Pool, name: str, now: Callable[[], datetime] = utc_now) -> None:
        self.pool = pool
        self._migration = Migration(pool.settings, pool.answer_timeout_s)
        self.name = name
        self._now = now
        self._look_due = -math.inf
        self._transactions = False  # whether a transaction has worked: a pool may not allow them
        self.database = self
        self.server = self

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Write the row, unless its stamp is newer and not in the future.

        Raises:
            SourceError: `clock` if our clock and the server's differ by more than the tolerance;
                else the error of the server or the network.
        """
        if anyio.current_time() >= self._look_due:
            await self._look_after_schema()
        try:
            await self._stamp(heartbeat)
        except SourceError as error:
            if error.word is not ErrorWord.NOT_FOUND:
                raise
            await self._look_after_schema()
            await self._stamp(heartbeat)
        return None

    async def read(self) -> Observation:
        """Read the row and the schema's revision, and probe a write.

        One statement does all of it. If the server refuses that, each part is tried alone, on
        another connection if the server has become a replica: that one finds the new primary.

        Raises:
            SourceError: The server cannot be read.
        """
        try:
            return await self._read_whole()
        except SourceError as error:
            if error.word not in REFUSED_PART and _sqlstate(error) not in OF_LOCKS:
                raise
            log.debug("reading_in_parts", error=error.word, detail=error.detail)
        return await self._read_parts()

    async def migrate(self, *, thorough: bool = False) -> str:
        """Migrate the schema to this version's head.

        Args:
            thorough: Also test a stamp and roll it back, if nothing is missing.

        Returns:
            The revision that the database now has.

        Raises:
            SourceError: As for a write.
        """
        there = await self._look()
        if thorough or not there.current:
            return await self._migration.run()
        return str(there.revision)

    async def place(self) -> ServerReport:
        """Return the server's timeline and address, as far as it reports them.

        Raises:
            SourceError: It cannot be read.
        """
        async with self.connection() as connection:
            row = await connection.row(PLACE)
        timeline = int(row.timeline, 16) if row.timeline else None
        return ServerReport(timeline=timeline, address=row.address)

    async def close(self) -> None:
        """Close the pool's connections; abort those to a silent server."""
        await self._migration.close()
        await self.pool.close()
        if self.replica is not None:
            await self.replica.close()

    def connection(self, *, transaction: bool = False) -> AbstractAsyncContextManager[Session]:
        """Provide a connection of the pool, with its errors translated.

        Each statement commits by itself, except in a transaction.

        Raises:
            SourceError: Any error, as a word.
        """
        return self.pool.session(transaction=transaction)

    async def _look(self) -> Found:
        """Look up the state of the schema.

        Raises:
            SourceError: The server cannot be read, or no schema for the tables is accessible.
        """
        # In a transaction, which a pool in statement mode refuses: such a pool is not supported.
        async with self.connection(transaction=True) as connection:
            there = await look(connection)
            if not there.stamps:
                word, cause = await why_hidden(connection)
                if cause is not None:
                    raise SourceError(word, "no schema for the tables", cause)
        return there

    async def _look_after_schema(self) -> None:
        """Migrate, and restore what is missing; check again in a minute.

        A stamp waits only for its own table: the rest is restored in the background.
        """
        self._look_due = -math.inf
        there = await self._look()
        if not takes_stamps(there):
            await self._restore_stamps()
        elif not there.current:
            self._migration.start()
        self._look_due = anyio.current_time() + LOOK_S

    async def _restore_stamps(self) -> None:
        try:
            await self._migration.run()
        except SourceError as error:
            if error.cause is not Cause.COLUMN_MISSING:
                raise
            # Perhaps of another table. If not, the stamp's own error says so.
            log.warning("schema_incomplete", error=error.word, detail=error.detail)

    async def _read_whole(self) -> Observation:
        # The first time in a transaction, which a pool in statement mode refuses.
        async with self.connection(transaction=not self._transactions) as connection:
            with anyio.fail_after(READ_S):
                there, row = await read_whole(connection, self.name)
        self._transactions = True
        return _with_schema(observation(row, None), there, writable=True)

    async def _read_parts(self) -> Observation:
        async with self.connection() as connection:
            with anyio.fail_after(PARTS_S):
                there = await look(connection)
                if lacks_stamps(there):
                    word, cause = await why_hidden(connection)
                    row = None
                else:
                    row = await connection.row(READ, name=self.name)
        if lacks_stamps(there):
            if there.stamps:
                cause = Cause.COLUMN_MISSING
            return Observation(
                error=word,
                cause=cause,
                schema_behind=word is ErrorWord.NOT_FOUND,
                schema_missing=there.missing,
                details=PostgresDetails(readable=True),
            )
        refused = await self._probe()
        found = observation(row, refused.word if refused else None)
        found = replace(found, cause=refused.cause if refused else None)
        return _with_schema(found, there, writable=refused is None)

    async def _stamp(self, heartbeat: Heartbeat) -> None:
        row = _row(heartbeat, self._now())
        async with self.connection() as connection:
            written, skew_s = await connection.row(WRITE, **row)
        if not written and abs(skew_s) > CLOCK_TOLERANCE_S:
            raise SourceError(ErrorWord.CLOCK, f"PostgreSQL's clock is {skew_s:+.1f} s from ours")

    async def _probe(self) -> SourceError | None:
        try:
            async with self.connection() as connection:
                await connection.change(PROBE)
        except SourceError as error:
            return error
        return None


def observation(row: Any, error: ErrorWord | None) -> Observation:  # Any: a Row of READ
    """Interpret a row of `last_update`, including the older app's rows.

    Args:
        row: The stamp, None if invalid, and the document beside it; None if there is no row.
        error: Another problem that was found.
    """
    if row is None:
        return Observation(error=error)
    report, readable = read_report(row.report)
    if row.timestamp is None or not readable:
        error = error or ErrorWord.INVALID_DATA
    interval_s = report.interval_seconds if report else None
    return Observation(stamp=row.timestamp, interval_s=interval_s, report=report, error=error)


def _sqlstate(error: SourceError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def _with_schema(found: Observation, there: Found, *, writable: bool) -> Observation:
    return replace(
        found,
        schema_revision=there.revision,
        schema_behind=not there.current,
        schema_missing=there.missing,
        details=PostgresDetails(readable=True, writable=writable),
    )


def _row(heartbeat: Heartbeat, our_now: datetime) -> dict[str, object]:
    report = heartbeat.report.model_dump_json() if heartbeat.report else None
    return {
        "source": heartbeat.name,
        "timestamp": heartbeat.timestamp,
        "metadata": report,
        "our_now": our_now,
    }
