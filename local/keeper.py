"""Restart one unit of the supervisor when it ends."""

from collections.abc import Callable
from typing import Protocol

from local.process import Process

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0
STEADY_S = 60.0  # after a run of this length, the delay starts again from its minimum

Say = Callable[[str, str], None]


class Unit(Protocol):
    """A process that the supervisor runs: an embedded server, or a process of the service."""

    @property
    def name(self) -> str:
        """Return the prefix of its lines."""

    @property
    def process(self) -> Process:
        """The process that is watched, and stopped at the end."""

    def launch(self) -> None:
        """Start it, without waiting until it is ready."""

    def ready(self) -> bool:
        """Tell whether it is ready for work; returns within half a second."""


class Keeper:
    """Restarts a unit when it has ended, each time after twice the delay, and reports it.

    Args:
        unit: A unit that the caller has started.
        say: Takes the unit's name and a line about it.
        now: The time of that start, in monotonic seconds.
    """

    def __init__(self, unit: Unit, say: Say, now: float) -> None:
        self.unit = unit
        self._say = say
        self._started_at = now
        self._due: float | None = None
        self._restarted = False
        self._delay_s = FIRST_DELAY_S

    def tick(self, now: float) -> None:
        """Do what is due at a time, in monotonic seconds."""
        if self.unit.process.running:
            if self._restarted and self.unit.ready():
                self._restarted = False
                self._say(self.unit.name, "ready again")
            return
        if self._due is None:
            self._plan(now)
        elif now >= self._due:
            self._due = None
            self._started_at = now
            self._restarted = True
            self.unit.launch()

    def _plan(self, now: float) -> None:
        if now - self._started_at >= STEADY_S:
            self._delay_s = FIRST_DELAY_S
        process = self.unit.process
        parts = [process.outcome, f"starts again in {self._delay_s:g} s", process.log_end]
        self._say(self.unit.name, "; ".join(filter(None, parts)))
        self._due = now + self._delay_s
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)
