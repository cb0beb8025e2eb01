"""How one source's write of one cycle ended: what the worker reports, counts and records."""

from dataclasses import dataclass
from datetime import datetime

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Result


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt of a write ended.

    Attributes:
        began_s: Seconds from the beginning of the cycle.
        ended_s: The same, of its end.
        result: `ok`, or why the stamp did not land.
    """

    began_s: float
    ended_s: float
    result: Result


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one source's write of one cycle ended.

    Attributes:
        source: The source's slug.
        stamp: The heartbeat's timestamp.
        result: `ok`, or why the stamp did not land.
        cause: What is behind the result, or behind the warning where the stamp landed; None where
            that is not known.
        warning: Why a part did not land, although the stamp did.
        attempts: How often the write was tried.
        latency_ms: How long the last attempt took.
        detail: What the driver said of either, for the log alone.
        tries: Each of the attempts, in order.
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
        """Whether the stamp landed."""
        return self.result == "ok"
