"""The row in MySQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import anyio
from pymysql.err import Error
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateTable

from schema.errors import ErrorWord
from schema.freshness import CLOCK_TOLERANCE_S
from schema.heartbeat import Heartbeat, read_report
from schema.timestamps import utc_now
from service.errors import Shortfall, SourceError
from service.observation import Observation
from service.source import Source
from service.sources.mysql.errors import code_of, translate
from service.sources.mysql.statements import PROBE, READ, SKEW_US, TABLE, WRITE
from service.timeouts import ANSWER_TIMEOUT_S

NO_SUCH_TABLE = 1146
CLOSE_TIMEOUT_S = 0.5
OPEN_S = 6.0  # of a connection: the first one takes 17 round trips
READ_S = 2.0  # of a reading's two statements on an open connection
MICROSECONDS = 1_000_000


class MySql(Source):
    """A connected MySQL.

    Args:
        engine: Its connection pool, closed with the source.
        name: `HEARTBEAT_NAME`.
        answer_timeout_s: How long a write or a reading may take; the driver sets no limit.
        now: The clock to compare with the server's.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        name: str,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.engine = engine
        self.name = name
        self._answer_timeout_s = answer_timeout_s
        self._now = now

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Write the row, unless its stamp is newer and not in the future.

        Raises:
            SourceError: `clock` if our clock and the server's differ by more than the tolerance;
                else the error of the server or the network.
        """
        async with self._connection(self._answer_timeout_s) as connection:
            await self._check_clock(connection)
            try:
                await connection.execute(WRITE, _row(heartbeat))
            except DBAPIError as error:
                if code_of(error) != NO_SUCH_TABLE:
                    raise
                await connection.execute(CreateTable(TABLE, if_not_exists=True))
                await connection.execute(WRITE, _row(heartbeat))
        return None

    async def read(self) -> Observation:
        """Read the row, and probe a write; a missing table means never written.

        Raises:
            SourceError: The server cannot be read.
        """
        try:
            async with self._connection(READ_S) as connection:
                row = (await connection.execute(READ, {"name": self.name})).one_or_none()
                refused = await _probe(connection)
        except SourceError as error:
            if (
                isinstance(error.__cause__, DBAPIError)
                and code_of(error.__cause__) == NO_SUCH_TABLE
            ):
                return Observation()
            raise
        return _observation(row, refused)

    async def close(self) -> None:
        """Close the pool's connections; abort those to a silent server."""
        with anyio.move_on_after(CLOSE_TIMEOUT_S):
            await self.engine.dispose()

    @asynccontextmanager
    async def _connection(self, limit_s: float) -> AsyncIterator[AsyncConnection]:
        try:
            async with AsyncExitStack() as stack:
                with anyio.fail_after(OPEN_S):
                    connection = await stack.enter_async_context(self.engine.connect())
                with anyio.fail_after(limit_s):
                    yield connection
        except (DBAPIError, Error, PoolTimeoutError, OSError) as error:
            raise translate(error) from error

    async def _check_clock(self, connection: AsyncConnection) -> None:
        our_now = self._now().astimezone(UTC).replace(tzinfo=None)
        skew_us = await connection.scalar(SKEW_US, {"our_now": our_now})
        skew_s = float(skew_us) / MICROSECONDS
        if abs(skew_s) > CLOCK_TOLERANCE_S:
            raise SourceError(ErrorWord.CLOCK, f"MySQL's clock is {skew_s:+.1f} s from ours")


async def _probe(connection: AsyncConnection) -> ErrorWord | None:
    try:
        await connection.execute(PROBE)
    except DBAPIError as error:
        return translate(error).word
    return None


def _row(heartbeat: Heartbeat) -> dict[str, object]:
    return {
        "source": heartbeat.name,
        "timestamp": heartbeat.timestamp.astimezone(UTC).replace(tzinfo=None),
        "report": heartbeat.report.model_dump_json() if heartbeat.report else None,
    }


def _observation(row: Any, error: ErrorWord | None) -> Observation:  # Any: a Row of READ
    """Interpret a row, which other software may have written."""
    if row is None:
        return Observation(error=error)
    if not isinstance(row.timestamp, datetime):  # such as 0000-00-00, which is not a date in Python
        return Observation(error=error or ErrorWord.INVALID_DATA)
    report, readable = read_report(row.report)
    if not readable:
        error = error or ErrorWord.INVALID_DATA
    return Observation(
        stamp=row.timestamp.replace(tzinfo=UTC),
        interval_s=report.interval_seconds if report else None,
        report=report,
        error=error,
    )
