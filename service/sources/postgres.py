"""PostgreSQL: one row per author in `last_update`, written only forward in time."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import anyio
from pydantic import Field, SecretStr, ValidationError, field_validator
from sqlalchemy import URL, bindparam, exists, false, func, or_, select, update
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from schema import migrations
from schema.errors import ErrorWord
from schema.freshness import CLOCK_TOLERANCE_S
from schema.heartbeat import Heartbeat, WorkerReport
from schema.tables import LastUpdate
from schema.timestamps import utc_now
from service.source import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    Observation,
    Shared,
    SourceError,
    SourceSettings,
)
from service.tls import TlsMode, ca_certificates, context

POOL_SIZE = 2  # the stamp, and history beside it
CLOSE_TIMEOUT_S = 1.0  # closing a connection to a silent server would wait for ever


class Settings(SourceSettings):
    """The variables of PostgreSQL."""

    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"

    host: str = Field(alias="PGHOST", min_length=1)
    port: int = Field(default=5432, alias="PGPORT", ge=1, le=65535)
    database: str = Field(alias="PGDATABASE", min_length=1)
    user: str = Field(alias="PGUSER", min_length=1)
    password: SecretStr = Field(alias="PGPASSWORD")
    tls: TlsMode = Field(default=TlsMode.VERIFY_FULL, alias="PGSSLMODE")
    ca: str | None = Field(default=None, alias="PG_CA_CERT")

    @field_validator("ca")
    @classmethod
    def _is_ca(cls, value: str | None) -> str | None:
        return ca_certificates(value)

    @property
    def endpoint(self) -> str:
        """The host."""
        return self.host

    def warnings(self) -> list[str]:
        """What will go wrong with these settings, though they are valid."""
        if self.tls is TlsMode.REQUIRE and self.ca is None:
            return ["PGSSLMODE=require without PG_CA_CERT encrypts, but verifies nobody"]
        return []

    def connect(self, shared: Shared) -> "Postgres":
        """PostgreSQL on a pool that opens its connections when they are first needed."""
        return Postgres(engine(self), shared.name)


def engine(settings: Settings) -> AsyncEngine:
    """An engine that commits each statement: Heartbeat's writes are single statements."""
    url = URL.create(
        "postgresql+asyncpg",
        username=settings.user,
        password=settings.password.get_secret_value(),
        host=settings.host,
        port=settings.port,
        database=settings.database,
    )
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=ANSWER_TIMEOUT_S,
        pool_reset_on_return=None,  # nothing is ever left open, and a silent server could hang it
        hide_parameters=True,
        connect_args={
            "ssl": context(settings.tls, settings.ca) or False,
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": ANSWER_TIMEOUT_S,
            "server_settings": {"application_name": "heartbeat"},
        },
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresObservation(Observation):
    """What PostgreSQL's own endpoint says beside the stamp."""

    readable: bool = False
    writable: bool = False
    schema_revision: str | None = None


class Postgres:
    """The source, on an engine that it owns."""

    def __init__(self, engine: AsyncEngine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._migrated = False

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
            if error.word is ErrorWord.NOT_FOUND:
                self._migrated = False  # the table has vanished: the next attempt makes it anew
            raise
        return None

    async def read(self) -> Observation:
        """The row, the write probe, and the schema's revision.

        Raises:
            SourceError: The server cannot be read.
        """
        async with self.connection() as connection:
            has_table, has_version = (await connection.execute(_TABLES)).one()
            if not has_table:
                return PostgresObservation(
                    readable=True, error=ErrorWord.NOT_FOUND, schema_behind=True
                )
            revision = await connection.scalar(_REVISION) if has_version else None
            row = (await connection.execute(_READ, {"name": self.name})).one_or_none()
        error = await self._probe()
        found = observation(row, error)
        return PostgresObservation(
            stamp=found.stamp,
            interval_s=found.interval_s,
            report=found.report,
            error=error,
            readable=True,
            writable=error is None,
            schema_revision=revision,
            schema_behind=not migrations.is_current(revision),
        )

    async def migrate(self) -> str:
        """Bring the schema to this version's head, under the advisory lock.

        Returns:
            The revision that the database now has.

        Raises:
            SourceError: As for a write.
        """
        async with self.connection() as connection:
            _, has_version = (await connection.execute(_TABLES)).one()
            revision: str | None = await connection.scalar(_REVISION) if has_version else None
        if revision is None or not migrations.is_current(revision):
            async with self.connection(transaction=True) as connection:
                revision = await connection.run_sync(migrations.upgrade)
        self._migrated = True
        return revision

    async def close(self) -> None:
        """Close the pool's connections; one whose server is silent is cut off after a second."""
        for _ in range(POOL_SIZE):
            with anyio.move_on_after(CLOSE_TIMEOUT_S) as scope:
                await self.engine.dispose()
            if not scope.cancelled_caught:
                return

    @asynccontextmanager
    async def connection(self, *, transaction: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection of the pool, with its errors turned into ours.

        Each statement commits by itself, unless a transaction is asked for.

        A server that turned read-only (25006) is a demoted primary: the pool is dropped, so that
        the next attempt asks where the primary is now.

        Raises:
            SourceError: Whatever went wrong, as a word.
        """
        transactional = self.engine.execution_options(isolation_level="READ COMMITTED")
        try:
            async with transactional.begin() if transaction else self.engine.connect() as opened:
                yield opened
        except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as error:
            translated = translate(error)
            if translated.word is ErrorWord.READ_ONLY:
                await self.close()
            raise translated from error

    async def _stamp(self, heartbeat: Heartbeat) -> None:
        async with self.connection() as connection:
            written, skew_s = (await connection.execute(_WRITE, _row(heartbeat))).one()
        if not written and abs(skew_s) > CLOCK_TOLERANCE_S:
            raise SourceError(ErrorWord.CLOCK, f"PostgreSQL's clock is {skew_s:+.1f} s from ours")

    async def _probe(self) -> ErrorWord | None:
        try:
            async with self.connection() as connection:
                await connection.execute(_PROBE)
        except SourceError as error:
            return error.word
        return None


def observation(row: Any, error: ErrorWord | None) -> Observation:  # Any: a Row of _READ
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


def _row(heartbeat: Heartbeat) -> dict[str, object]:
    report = heartbeat.report.model_dump(mode="json") if heartbeat.report else None
    return {
        "source": heartbeat.name,
        "timestamp": heartbeat.timestamp,
        "metadata": report,
        "our_now": utc_now(),
    }


def _write() -> Any:  # Any: SQLAlchemy's builder types end where a CTE writes
    """One statement: refuse when clocks differ, else insert or go forward; say what happened."""
    rows: Any = LastUpdate.__table__  # type: ignore[attr-defined] # SQLModel adds it
    tolerance = timedelta(seconds=CLOCK_TOLERANCE_S)
    their_now = func.clock_timestamp()
    our_now = bindparam("our_now", type_=rows.c.timestamp.type)
    values = [bindparam(c.name, type_=c.type) for c in rows.c]
    agreed = their_now.between(our_now - tolerance, our_now + tolerance)
    new = insert(rows).from_select([c.name for c in rows.c], select(*values).where(agreed))
    forward = new.on_conflict_do_update(
        index_elements=[rows.c.source],
        set_={"timestamp": new.excluded.timestamp, "metadata": new.excluded.metadata},
        where=or_(
            rows.c.timestamp < new.excluded.timestamp, rows.c.timestamp > their_now + tolerance
        ),
    )
    written = forward.returning(rows.c.source).cte("written")
    skew_s = func.extract("epoch", their_now - our_now)
    return select(exists(select(written.c.source)), skew_s)


def _read() -> Any:
    rows: Any = LastUpdate.__table__  # type: ignore[attr-defined] # as in _write
    return select(rows.c.timestamp, rows.c.metadata).where(rows.c.source == bindparam("name"))


def _probe() -> Any:
    """A write that changes nothing: it raises 25006 on a read-only server, leaves no dead tuple."""
    rows: Any = LastUpdate.__table__  # type: ignore[attr-defined] # as in _write
    return update(rows).values(timestamp=rows.c.timestamp).where(false())


_WRITE = _write()
_READ = _read()
_PROBE = _probe()
_TABLES: Any = select(
    *(
        func.to_regclass(name).is_not(None)
        for name in (str(LastUpdate.__tablename__), migrations.VERSION_TABLE)
    )
)
_REVISION: Any = select(sql_column("version_num")).select_from(sql_table(migrations.VERSION_TABLE))

# https://www.postgresql.org/docs/17/errcodes-appendix.html: whole codes first, then classes.
WORDS = {
    "25006": ErrorWord.READ_ONLY,
    "42501": ErrorWord.PERMISSION,
    "3D000": ErrorWord.NOT_FOUND,
    "3F000": ErrorWord.NOT_FOUND,
    "42P01": ErrorWord.NOT_FOUND,
    "42703": ErrorWord.NOT_FOUND,
    "53300": ErrorWord.THROTTLED,
    "57014": ErrorWord.TIMEOUT,
    "55P03": ErrorWord.TIMEOUT,
    "08": ErrorWord.UNREACHABLE,
    "22": ErrorWord.INVALID_DATA,
    "23": ErrorWord.INVALID_DATA,
    "28": ErrorWord.AUTH,
    "40": ErrorWord.THROTTLED,
    "53": ErrorWord.FULL,
    "57": ErrorWord.UNREACHABLE,
}


def translate(error: BaseException) -> SourceError:
    """One of SQLAlchemy's or asyncpg's errors as ours; the detail holds no parameter."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
    state = getattr(cause, "sqlstate", None)
    if state:
        word = WORDS.get(state) or WORDS.get(state[:2], ErrorWord.FAILED)
        return SourceError(word, f"{type(cause).__name__} ({state})")
    if isinstance(cause, ssl.SSLError) or "SSL" in str(cause):
        return SourceError(ErrorWord.TLS, type(cause).__name__)
    if isinstance(cause, TimeoutError | PoolTimeoutError):
        return SourceError(ErrorWord.TIMEOUT, type(cause).__name__)
    return SourceError(ErrorWord.UNREACHABLE, type(cause).__name__)
