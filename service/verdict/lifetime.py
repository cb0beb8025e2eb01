"""Decide when a source must be read again."""

from datetime import datetime
from typing import NamedTuple

from service.observation import Observation

FAILED_S = 5.0  # how soon a store that could not be read is tried again
WATCH_S = 1.0  # how often a source is read while its next stamp is due
LIFETIMES_IN_INTERVAL = 2  # with a short interval, a second would be too long
WATCHES_IN_INTERVAL = 10
LOST_INTERVALS = 2  # how long a stamp that somebody replaced is looked for like one that is due


class LastStamp(NamedTuple):
    """The last reading with a stamp and interval: when it ended, and the interval."""

    at: datetime
    interval_s: float


class Lifetime:
    """The lifetimes of one source's readings.

    Args:
        lifetime_s: Seconds that a reading is used while no stamp is due.
    """

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._last_stamp: LastStamp | None = None

    def serves_s(self, found: Observation, now: datetime) -> float:
        """Return how long a reading is used: until the next stamp is due."""
        if not found.reachable:
            return min(self._lifetime_s, FAILED_S)
        if found.stamp is None or found.interval_s is None:
            return self._without_stamp_s(now)
        self._last_stamp = LastStamp(now, found.interval_s)
        lifetime_s = min(self._lifetime_s, found.interval_s / LIFETIMES_IN_INTERVAL)
        again_s = watch_s(found.interval_s)
        due_in_s = found.interval_s - (now - found.stamp).total_seconds()
        if due_in_s > 0:
            return min(lifetime_s, due_in_s + again_s)
        # Do not continue to read every second if the worker is dead.
        return again_s if due_in_s > -found.interval_s else lifetime_s

    def _without_stamp_s(self, now: datetime) -> float:
        """Return how long a reading without a stamp is used: after a replacement, not long."""
        if self._last_stamp is None:
            return self._lifetime_s
        at, interval_s = self._last_stamp
        is_near = (now - at).total_seconds() <= LOST_INTERVALS * interval_s
        return min(self._lifetime_s, watch_s(interval_s)) if is_near else self._lifetime_s


def watch_s(interval_s: float) -> float:
    """Return the seconds between two readings while a stamp is due."""
    return min(WATCH_S, interval_s / WATCHES_IN_INTERVAL)
