"""How old a stamp is, in words: the one place where freshness is decided."""

from datetime import datetime
from enum import StrEnum

DEFAULT_INTERVAL_S = 60.0  # the seed's cadence; a stamp carries its own
AGING_AFTER_INTERVALS = 1.0  # the next stamp is due
STALE_AFTER_INTERVALS = 1.5  # one beat and a half without a stamp: 90 s by default
CLOCK_TOLERANCE_S = 5.0  # how far two healthy clocks may differ


class Freshness(StrEnum):
    """How old a stamp is, against the interval that it carries."""

    FRESH = "fresh"
    """Under one interval."""
    AGING = "aging"
    """From one interval to one and a half, both included."""
    STALE = "stale"
    """Over one interval and a half."""
    MISSING = "missing"
    """No valid stamp: never written, unreadable, or in the future."""
    UNREACHABLE = "unreachable"
    """The store cannot be read, so nothing is known."""


def stale_after_s(interval_s: float) -> float:
    """The age in seconds over which a stamp of this interval is stale."""
    return interval_s * STALE_AFTER_INTERVALS


def in_future(stamp: datetime, now: datetime) -> bool:
    """Whether a stamp lies further in the future than healthy clocks can differ."""
    return (stamp - now).total_seconds() > CLOCK_TOLERANCE_S


def age_s(stamp: datetime, now: datetime) -> float:
    """A stamp's age in seconds; a stamp within the clock tolerance ahead is 0 s old."""
    return max(0.0, (now - stamp).total_seconds())


def judge(stamp: datetime | None, now: datetime, interval_s: float) -> Freshness:
    """The freshness of what a store that can be reached holds.

    Args:
        stamp: The stamp found, or None if there is no valid one.
        now: The server's clock at the moment of answering.
        interval_s: Seconds between two stamps, as the stamp itself says.

    Returns:
        Any freshness but `unreachable`, which only the reader can tell.
    """
    if stamp is None or in_future(stamp, now):
        return Freshness.MISSING
    age = age_s(stamp, now)
    if age < interval_s * AGING_AFTER_INTERVALS:
        return Freshness.FRESH
    return Freshness.STALE if age > stale_after_s(interval_s) else Freshness.AGING
