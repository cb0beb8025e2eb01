"""The result of one source's write in one cycle, which the worker reports, counts and records."""

from dataclasses import dataclass
from datetime import datetime

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Result


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result of one attempt.

    Attributes:
        began_s: Its start, in seconds since the start of the cycle.
        ended_s: Its end, likewise.
        result: `ok`, or why the stamp was not written.
    """

    began_s: float
    ended_s: float
    result: Result


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one source's write in one cycle.

    Attributes:
        source: The source's slug.
        stamp: The heartbeat's timestamp.
        result: `ok`, or why the stamp was not written.
        cause: The reason behind the result, or behind the warning if the stamp was written; None
            if unknown.
        warning: Why a part was not written, although the stamp was.
        attempts: How often the write was tried.
        latency_ms: How long the last attempt took.
        detail: The driver's message about either, for the log only.
        tries: The attempts, in order.
    """

    source: str
    stamp: datetime
    result: Result
    cause: Cause | None = None
    warning: ErrorWord | None = None
    attempts: int = 0
    latency_ms: float = 0.0
    detail: str = ""
    tries: tuple[Attempt, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the stamp was written."""
        return self.result == "ok"
