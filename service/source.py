"""What every source can do, and what else some of them can: the capabilities."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat, WorkerReport
from service.errors import Shortfall

if TYPE_CHECKING:  # drivers, which only those who connect shall import
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection


class Details:
    """What one kind of store says beside the stamp, for its own endpoint; each kind derives its."""

    __slots__ = ()

    def part_is_stale(self, now: datetime) -> bool:  # noqa: ARG002 - for those that have parts
        """Whether a part that is written more rarely than the stamp is overdue."""
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What a store said when it was read.

    Attributes:
        stamp: The valid stamp found, None if never written or unreadable.
        interval_s: Seconds between stamps, as the stamp says; None if it does not.
        report: The worker's report that travelled with the stamp.
        error: What is wrong although the store answered (`read_only`, `invalid_data`), or why it
            did not answer.
        cause: What is behind the error, None where that is not known.
        reachable: False if nothing could be read.
        schema_behind: Whether the store's schema is older than this version needs.
        schema_missing: Tables and columns that this version needs and the store lacks.
        schema_revision: The schema's revision, None if there is none.
        details: What its own endpoint says beside that.
    """

    stamp: datetime | None = None
    interval_s: float | None = None
    report: WorkerReport | None = None
    error: ErrorWord | None = None
    cause: Cause | None = None
    reachable: bool = True
    schema_behind: bool = False
    schema_missing: tuple[str, ...] = ()
    schema_revision: str | None = None
    details: Details | None = None

    def part_is_stale(self, now: datetime) -> bool:
        """Whether a part is overdue, once Heartbeat writes this store at all."""
        return bool(self.report and self.details and self.details.part_is_stale(now))


class Database(Protocol):
    """The capability to keep history: tables of this version's schema in a PostgreSQL."""

    def connection(
        self, *, transaction: bool = False
    ) -> AbstractAsyncContextManager["AsyncConnection"]:
        """A connection; each statement commits by itself, unless a transaction is asked for.

        Raises:
            SourceError: Whatever went wrong inside it, as a word.
        """
        ...

    async def migrate(self, *, thorough: bool = False) -> str:
        """Bring the schema to this version's head.

        Args:
            thorough: Also look for what refuses a stamp although nothing is missing.

        Returns:
            The revision that the database now has.

        Raises:
            SourceError: It is not at the head.
        """
        ...


class Keys(Protocol):
    """The capability to hold small lists and keys that expire, in a Valkey."""

    def commands(self) -> AbstractAsyncContextManager["Redis"]:
        """The client.

        Raises:
            SourceError: Whatever went wrong inside it, as a word.
        """
        ...


class Source(Protocol):
    """A connected store that the worker stamps and the API reads back.

    A source derives from this, and so has no capability until it sets one.

    Attributes:
        database: Keeps history and has a schema, None if it does not.
        keys: Takes what shall survive a restart while PostgreSQL is away, None if it does not.
    """

    database: Database | None = None
    keys: Keys | None = None

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        """Stamp the store once.

        Returns:
            None if all of it landed; else why a part did not, although the stamp did.

        Raises:
            SourceError: The stamp did not land.
        """
        ...

    async def read(self) -> Observation:
        """What the store holds, "never written" included.

        Raises:
            SourceError: The store cannot be read.
        """
        ...

    async def close(self) -> None:
        """Give everything back; bounded in time, and never raises for a dead store."""
        ...

    def tell(self, report: WorkerReport) -> WorkerReport:
        """The worker's report with what this source counts and knows."""
        return report
