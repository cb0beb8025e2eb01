"""The interface of a source, and the capabilities that only some sources have."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from schema.heartbeat import Heartbeat, ServerReport, WorkerReport
from service.errors import Shortfall
from service.observation import Observation
from service.sql.statement import Statement

if TYPE_CHECKING:  # drivers, imported only by processes that connect
    from redis.asyncio import Redis

Row = Any
"""A row of a database: its columns are attributes, and have the types of PostgreSQL's columns."""


class Connection(Protocol):
    """A connection to a PostgreSQL, for as long as a block has it."""

    async def rows(self, statement: Statement, **values: object) -> list[Row]:
        """Return a statement's rows; values of parameters are given by name."""
        ...

    async def row(self, statement: Statement, **values: object) -> Row:
        """Return a statement's first row, None without one."""
        ...

    async def change(self, statement: Statement, **values: object) -> int:
        """Execute a statement that changes rows; return how many it changed."""
        ...

    async def change_each(
        self, statement: Statement, values: Iterable[Mapping[str, object]]
    ) -> None:
        """Execute a statement once for each set of values, all or none of them."""
        ...


class Database(Protocol):
    """The capability to keep history: tables of this version's schema in a PostgreSQL."""

    def connection(self, *, transaction: bool = False) -> AbstractAsyncContextManager[Connection]:
        """Provide a connection; each statement commits by itself, except in a transaction.

        Raises:
            SourceError: Any error inside it, as a word.
        """
        ...

    async def migrate(self, *, thorough: bool = False) -> str:
        """Bring the schema to this version's head.

        Args:
            thorough: Also test whether the table accepts a stamp, although nothing is missing.

        Returns:
            The revision that the database now has.

        Raises:
            SourceError: It is not at the head.
        """
        ...


class Keys(Protocol):
    """The capability to hold small lists and expiring keys, in a Valkey."""

    def commands(self) -> AbstractAsyncContextManager["Redis"]:
        """Provide the client.

        Raises:
            SourceError: Any error inside it, as a word.
        """
        ...


class Fence(Protocol):
    """Stops a superseded worker from writing to a store that cannot compare stamps."""

    async def check(self, *, asking: bool) -> None:
        """Check that this worker still leads.

        Args:
            asking: Whether to ask the lease's store in any case.

        Raises:
            SupersededError: Another worker leads.
        """
        ...


class Replica(Protocol):
    """Reads the stamp from a store's replica."""

    async def newest(self) -> datetime | None:
        """Return the newest stamp there, None if there is none.

        Raises:
            SourceError: It cannot be read.
        """
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


class Server(Protocol):
    """Identifies the server behind a store's host name."""

    async def place(self) -> ServerReport:
        """Return the server's identity, as far as it reports one.

        Raises:
            SourceError: It cannot be read.
        """
        ...


class Source(Protocol):
    """A connected store that the worker writes and the API reads back.

    A subclass has no capability unless it sets one.

    Attributes:
        database: Keeps history and has a schema, None if it does not.
        keys: Keeps what must survive a restart while PostgreSQL is down, None if it does not.
        fence: Set in a worker that may be one of several; a store that cannot compare stamps checks
            it before each write.
        replica: A copy that follows it, None if none is configured.
        server: Identifies its server, None if it cannot.
    """

    database: Database | None = None
    keys: Keys | None = None
    fence: Fence | None = None
    replica: Replica | None = None
    server: Server | None = None

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Write one stamp.

        Returns:
            None if all of it was written; else why a part failed although the stamp was written.

        Raises:
            SourceError: The stamp was not written.
        """
        ...

    async def read(self) -> Observation:
        """Read what the store holds; "never written" is a result too.

        Raises:
            SourceError: The store cannot be read.
        """
        ...

    async def close(self) -> None:
        """Close all connections, in bounded time; never raises for a dead store."""
        ...

    def add_to(self, report: WorkerReport) -> WorkerReport:
        """Add what this source counts and knows to the worker's report."""
        return report
