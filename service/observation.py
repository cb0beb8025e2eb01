"""Observations: the result of reading a store."""

from dataclasses import dataclass
from datetime import datetime

from schema.errors import Cause, ErrorWord
from schema.heartbeat import WorkerReport


@dataclass(frozen=True, kw_only=True, slots=True)
class Replacement:
    """A part that somebody else has overwritten.

    Attributes:
        made_at: When it was made, None if unknown.
        noticed: Whether the worker saw that it replaced a stamped one.
        rewritten_at: When the worker stamped it, None if it has not.
    """

    made_at: datetime | None
    noticed: bool
    rewritten_at: datetime | None = None


class Details:
    """A store's details beside the stamp; each kind of store has its own subclass."""

    __slots__ = ()

    def part_is_stale(self, now: datetime) -> bool:  # noqa: ARG002 - for those that have parts
        """Tell whether a part that is written less often than the stamp is overdue."""
        return False

    def replacement(self) -> Replacement | None:
        """Return the part that was overwritten by somebody else, if any."""
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """The result of reading a store.

    Attributes:
        stamp: The valid stamp found, None if never written or unreadable.
        interval_s: Seconds between stamps, from the stamp; None if it has none.
        report: The worker's report that travelled with the stamp.
        error: A problem although the store answered (`read_only`, `invalid_data`), or why it did
            not answer.
        cause: The reason behind the error, None if unknown.
        reachable: False if nothing could be read.
        schema_behind: Whether the store's schema is older than this version needs.
        schema_missing: Tables and columns that this version needs and the store lacks.
        schema_revision: The schema's revision, None if there is none.
        details: What its own endpoint reports beside that.
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
        """Tell whether a part is overdue, if Heartbeat has written this store."""
        return bool(self.report and self.details and self.details.part_is_stale(now))

    @property
    def replacement(self) -> Replacement | None:
        """Return the part that somebody else replaced, if any."""
        return self.details.replacement() if self.details else None
