"""PostgreSQL: one row per author in `last_update`, written only forward in time."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import asyncpg
from pydantic import Field, SecretStr, ValidationError, field_validator
from sqlalchemy import URL, bindparam, event, exists, false, func, or_, select, update
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import ExceptionContext
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
CLOSE_TIMEOUT_S = 0.3  # of one connection; to a silent server it would wait for ever
STALE_WORDS = frozenset({ErrorWord.READ_ONLY, ErrorWord.TIMEOUT})  # of connections to drop


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


class Connection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """asyncpg's connection, which is cut where closing it takes too long."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's
        """Close it, at once if the server does not answer."""
        wait_s = CLOSE_TIMEOUT_S if timeout is None else min(timeout, CLOSE_TIMEOUT_S)
        with suppress(TimeoutError):  # asyncpg has cut it by then
            await super().close(timeout=wait_s)


def engine(settings: Settings, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> AsyncEngine:
    """An engine that commits each statement: Heartbeat's writes are single statements.

    Args:
        settings: Where PostgreSQL is.
        answer_timeout_s: How long one statement may take.
    """
    url = URL.create(
        "postgresql+asyncpg",
        username=settings.user,
        password=settings.password.get_secret_value(),
        host=settings.host,
        port=settings.port,
        database=settings.database,
    )
    made = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=ANSWER_TIMEOUT_S,
        pool_reset_on_return=None,  # nothing is ever left open, and a silent server could hang it
        hide_parameters=True,
        connect_args={
            "connection_class": Connection,
            "ssl": context(settings.tls, settings.ca) or False,
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": answer_timeout_s,
            "server_settings": {"application_name": "heartbeat"},
        },
    )
    event.listen(made.sync_engine, "handle_error", _drop_stale)
    return made


def _drop_stale(context: ExceptionContext) -> None:
    """Let the pool drop its connections, so that the next attempt asks where the primary is now.

    A server that turned read-only (25006) is a demoted primary; one that is silent may be gone
    without a word, and its connection would time out for a quarter of an hour.
    """
    error = context.sqlalchemy_exception or context.original_exception
    if translate(error).word in STALE_WORDS:
        context.is_disconnect = True


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresObservation(Observation):
    """What PostgreSQL's own endpoint says beside the stamp."""

    readable: bool = False
    writable: bool = False
    schema_revision: str | None = None


class Postgres:
    """The source, on an engine that it owns.

    Args:
        engine: Its pool.
        name: `HEARTBEAT_NAME`.
        now: The clock that the server's is compared with.
    """

    def __init__(
        self, engine: AsyncEngine, name: str, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.engine = engine
        self.name = name
        self._now = now
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
            has_table, has_version = (await connection.execute(_TABLES)).one()
            revision: str | None = await connection.scalar(_REVISION) if has_version else None
        if not has_table or not migrations.is_current(revision):
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
        transactional = self.engine.execution_options(isolation_level="READ COMMITTED")
        try:
            async with transactional.begin() if transaction else self.engine.connect() as opened:
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
            written, skew_s = (await connection.execute(_WRITE, row)).one()
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


def _upgrade(connection: SyncConnection) -> str:
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
