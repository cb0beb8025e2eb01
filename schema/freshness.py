"""Freshness: the only place where a stamp's age is judged."""

from datetime import datetime
from enum import StrEnum

DEFAULT_INTERVAL_S = 60.0  # seconds by default; a stamp carries its own
AGING_AFTER_INTERVALS = 1.0  # the next stamp is due
STALE_AFTER_INTERVALS = 1.5  # one and a half intervals without a stamp: 90 s by default
CLOCK_TOLERANCE_S = 5.0  # how far two healthy clocks may differ


class Freshness(StrEnum):
    """A stamp's age compared with its interval."""

    FRESH = "fresh"
    """Below one interval."""
    AGING = "aging"
    """From one interval to one and a half, inclusive."""
    STALE = "stale"
    """Above one and a half intervals."""
    MISSING = "missing"
    """No valid stamp: never written, unreadable, or in the future."""
    UNREACHABLE = "unreachable"
    """The store cannot be read."""


def stale_after_s(interval_s: float) -> float:
    """Return the age in seconds above which a stamp of this interval is stale."""
    return interval_s * STALE_AFTER_INTERVALS


def in_future(stamp: datetime, now: datetime) -> bool:
    """Tell whether a stamp is further in the future than healthy clocks can differ."""
    return (stamp - now).total_seconds() > CLOCK_TOLERANCE_S


def age_s(stamp: datetime, now: datetime) -> float:
    """Return a stamp's age in seconds; 0 if it is in the future within the clock tolerance."""
    return max(0.0, (now - stamp).total_seconds())


def judge(stamp: datetime | None, now: datetime, interval_s: float) -> Freshness:
    """Judge the stamp found in a store that can be read.

    Args:
        stamp: The stamp found, or None if there is no valid one.
        now: The server's clock at the time of the answer.
        interval_s: Seconds between two stamps, from the stamp itself.

    Returns:
        Any freshness except `unreachable`, which only the reader knows.
    """
    if stamp is None or in_future(stamp, now):
        return Freshness.MISSING
    age = age_s(stamp, now)
    if age < interval_s * AGING_AFTER_INTERVALS:
        return Freshness.FRESH
    return Freshness.STALE if age > stale_after_s(interval_s) else Freshness.AGING
