"""A further kind of store in one file: a table with one row in any PostgreSQL.

`tests/test_fourth_source.py` copies it to `service/sources/orders.py` in a copy of the service.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat, read_report
from service import tls_errors
from service.errors import Shortfall, SourceError
from service.kind import Kind
from service.observation import Observation
from service.server import ServerSettings, of_url
from service.source import Source
from service.timeouts import CONNECT_TIMEOUT_S
from service.tls import context

TABLE = """
CREATE TABLE IF NOT EXISTS heartbeat (
    author VARCHAR(50) PRIMARY KEY, stamp TIMESTAMPTZ NOT NULL, report TEXT
)
"""
WRITE = """
INSERT INTO heartbeat VALUES ($1, $2, $3)
ON CONFLICT (author) DO UPDATE SET stamp = excluded.stamp, report = excluded.report
WHERE heartbeat.stamp < excluded.stamp
"""
READ = "SELECT stamp, report FROM heartbeat WHERE author = $1"
WORDS = {"25006": ErrorWord.READ_ONLY, "42501": ErrorWord.PERMISSION, "3D000": ErrorWord.NOT_FOUND}
WORDS |= {"28": ErrorWord.AUTH, "53": ErrorWord.FULL, "57": ErrorWord.UNREACHABLE}


class Settings(ServerSettings):
    """The settings of the table's database."""

    port: int = 5432
    database: str


class Orders(Source):
    """The source; it opens a connection for each write and each read."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.settings = settings
        self.name = name

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Write the row, unless it holds a newer stamp."""
        report = heartbeat.report.model_dump_json() if heartbeat.report else None
        async with self._connection() as connection:
            await connection.execute(TABLE)
            await connection.execute(WRITE, heartbeat.name, heartbeat.timestamp, report)
        return None

    async def read(self) -> Observation:
        """Read the row."""
        async with self._connection() as connection:
            if await connection.fetchval("SELECT to_regclass('heartbeat') IS NULL"):
                return Observation()
            row = await connection.fetchrow(READ, self.name)
        return Observation() if row is None else _observation(row)

    async def close(self) -> None:
        """Do nothing, because no connection stays open."""

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:  # Any: asyncpg has no types
        settings = self.settings
        try:
            connection = await asyncpg.connect(
                host=settings.host,
                port=settings.port,
                database=settings.database,
                user=settings.user,
                password=settings.password and settings.password.get_secret_value(),
                ssl=context(settings.tls, settings.ca) or False,
                timeout=CONNECT_TIMEOUT_S,
            )
            try:
                yield connection
            finally:
                connection.terminate()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise translate(error) from error


def translate(error: Exception) -> SourceError:
    """Convert an error of asyncpg."""
    state = getattr(error, "sqlstate", None) or ""
    word = WORDS.get(state) or WORDS.get(state[:2]) or ErrorWord.UNREACHABLE
    if isinstance(error, TimeoutError):
        word = ErrorWord.TIMEOUT
    return tls_errors.judge(error) or SourceError(word, type(error).__name__)


def _observation(row: Any) -> Observation:  # Any: asyncpg's Record
    report, _ = read_report(row["report"])
    interval_s = report.interval_seconds if report else None
    return Observation(stamp=row["stamp"], interval_s=interval_s, report=report)


KIND = Kind(
    name="orders",
    title="Orders",
    settings=Settings,
    connect=lambda settings, shared: Orders(settings, shared.name),
    schemes=("orders",),
    parse=lambda url: of_url(url) | {"database": url.path, "tls": url.parameters["sslmode"]},
    parameters=frozenset({"sslmode"}),
    lifetime_s=5.0,
)
