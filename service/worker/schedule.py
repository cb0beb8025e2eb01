"""The schedule of cycles: a fixed interval from the start, with time as an argument."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=1)  # a steady wall clock differs by much less


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule without drift.

    Attributes:
        started: Monotonic seconds of the first cycle.
        started_at: The same moment as a timestamp.
        interval_s: Seconds between cycles.
    """

    started: float
    started_at: datetime
    interval_s: float

    def next_cycle(self, now: float, last: int) -> int:
        """Return the number of the next cycle; missed cycles are skipped.

        Args:
            now: Monotonic seconds.
            last: The number of the last cycle that ran, -1 for none.
        """
        if last < 0:
            return 0  # immediately, however late
        return max(last + 1, math.ceil((now - self.started) / self.interval_s))

    def due(self, cycle: int) -> float:
        """Return when a cycle is due, in monotonic seconds."""
        return self.started + cycle * self.interval_s

    def due_at(self, cycle: int) -> datetime:
        """Return when a cycle is due, as a timestamp."""
        return self.started_at + cycle * timedelta(seconds=self.interval_s)

    def step(self, now: float, now_at: datetime) -> timedelta:
        """Return how far the wall clock was set since the start (NTP, sleep); 0 if it was not.

        Args:
            now: Monotonic seconds.
            now_at: The same moment by the wall clock.
        """
        steady = self.started_at + timedelta(seconds=now - self.started)
        moved = now_at - steady
        return moved if abs(moved) > STEP else timedelta()

    def moved(self, step: timedelta) -> "Schedule":
        """Return the same schedule for a wall clock that was set."""
        return replace(self, started_at=self.started_at + step)

    def slot(self, cycle: int) -> datetime:
        """Return the wall-clock slot of a cycle; two workers share it.

        It follows from when the cycle is due, not from when it runs, so that a cycle that is some
        milliseconds late does not leave its slot empty.
        """
        return slot_of(self.due_at(cycle), self.interval_s)


def slot_of(moment: datetime, interval_s: float) -> datetime:
    """Return the start of the wall-clock slot of a moment."""
    # timedelta counts whole microseconds; floats would shift some slots by one.
    return moment - (moment - EPOCH) % timedelta(seconds=interval_s)
