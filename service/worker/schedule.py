"""When cycles are due: a fixed cadence from the start, with time as an argument."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=1)  # a wall clock that goes on steadily differs by much less


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cadence without drift.

    Attributes:
        started: Monotonic seconds of the first cycle.
        started_at: The same moment as a timestamp.
        interval_s: Seconds between cycles.
    """

    started: float
    started_at: datetime
    interval_s: float

    def next_cycle(self, now: float, last: int) -> int:
        """The number of the next cycle; those whose time has passed are skipped.

        Args:
            now: Monotonic seconds.
            last: The number of the last cycle that ran, -1 for none.
        """
        if last < 0:
            return 0  # at once, however long it took to get here
        return max(last + 1, math.ceil((now - self.started) / self.interval_s))

    def due(self, cycle: int) -> float:
        """Monotonic seconds at which a cycle is due."""
        return self.started + cycle * self.interval_s

    def due_at(self, cycle: int) -> datetime:
        """The moment at which a cycle is due."""
        return self.started_at + cycle * timedelta(seconds=self.interval_s)

    def step(self, now: float, now_at: datetime) -> timedelta:
        """How far the wall clock was set since the start: NTP, or a machine that slept; 0 if not.

        Args:
            now: Monotonic seconds.
            now_at: The same moment by the wall clock.
        """
        steady = self.started_at + timedelta(seconds=now - self.started)
        moved = now_at - steady
        return moved if abs(moved) > STEP else timedelta()

    def moved(self, step: timedelta) -> "Schedule":
        """The same cadence by a wall clock that was set."""
        return replace(self, started_at=self.started_at + step)

    def slot(self, cycle: int) -> datetime:
        """The slot of the wall clock in which a cycle lies: two workers share it.

        It derives from when the cycle is due and not from when it runs, so that a cycle that is
        milliseconds late does not leave its slot empty.
        """
        return slot_of(self.due_at(cycle), self.interval_s)


def slot_of(moment: datetime, interval_s: float) -> datetime:
    """The start of the slot of the wall clock in which a moment lies."""
    # timedelta counts whole microseconds: floats would put some slots one too early.
    return moment - (moment - EPOCH) % timedelta(seconds=interval_s)
