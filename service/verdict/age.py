"""The age of a reading's stamp at the time of the answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schema.errors import ErrorWord
from schema.freshness import Freshness, age_s, in_future, judge
from service.observation import Observation
from service.verdict.situation import ALIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class AgedReading:
    """A reading at the time of the answer.

    Attributes:
        stamp: The stamp found, None if there is no valid one.
        age_s: Its age in seconds.
        interval_s: Seconds between two stamps, by which the age is judged.
        freshness: Its age in words.
        error: The problem, None if there is none or nothing is known yet.
    """

    interval_s: float
    stamp: datetime | None = None
    age_s: float | None = None
    freshness: Freshness = Freshness.MISSING
    error: ErrorWord | None = None

    @property
    def status(self) -> Literal["ok", "error"]:
        """The row's state in one word."""
        return "ok" if self.freshness in ALIVE and self.error is None else "error"


def aged(
    found: Observation | None,
    now: datetime,
    interval_s: float,
    read_at: datetime | None = None,
) -> AgedReading:
    """Compute the age of a reading's stamp.

    Args:
        found: The reading, None if there is none yet.
        now: The server's clock.
        interval_s: Seconds between stamps, if the stamp has no interval.
        read_at: The time of the reading; None is now. By the time since then, a stamp becomes
            `aging` at most, not `stale`.
    """
    if found is None:
        return AgedReading(interval_s=interval_s)
    stamp, error = found.stamp, found.error
    interval_s = found.interval_s or interval_s
    freshness = Freshness.UNREACHABLE
    if found.reachable:
        freshness = judge(stamp, now, interval_s)
        if freshness is Freshness.STALE:
            seen = judge(stamp, min(read_at or now, now), interval_s)
            freshness = Freshness.STALE if seen is Freshness.STALE else Freshness.AGING
        if stamp is not None and in_future(stamp, now):
            error = ErrorWord.CLOCK
    age = None if stamp is None else age_s(stamp, now)
    return AgedReading(
        interval_s=interval_s, stamp=stamp, age_s=age, freshness=freshness, error=error
    )
