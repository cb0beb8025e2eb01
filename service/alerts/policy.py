"""The policy: when an alert opens, repeats and ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from schema.freshness import STALE_AFTER_INTERVALS

OPEN_INTERVALS = 2.0  # from the outage to the receiver
DETECTION_INTERVALS = 0.4  # of those, the time until the first look that sees it
RESOLVE_INTERVALS = 5.0  # longer than the time to open: a flapping store alerts once
JOIN_LEAST_S = 60.0  # AWS is read less often than other stores
REMIND_S = 4 * 3600.0
REFRESH_S = 900.0  # Alertmanager forgets after an hour
CALM_LOOKS = 4  # looks per interval while healthy; each may cost a reading of every store
TENSE_LOOKS = 60  # looks per interval during a problem or an open alert
LOOK_LEAST_S = 0.05
LOOKS_LEAST = 3  # at least, even if it began long before it was first seen
HELD_SHARE = 0.75  # share of the looks since then


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """When an alert opens, repeats and ends.

    Attributes:
        interval_s: Seconds between two heartbeats.
        open_intervals: Intervals from an outage to the receiver.
        resolve_intervals: Intervals without the problem until it resolves.
        degraded_s: How long a degraded finding must have lasted to alert too; None for never.
        reminders_s: The reminder periods of all targets.
        refresh_s: The period of repetitions for receivers that forget; None without any.
    """

    interval_s: float
    open_intervals: float = OPEN_INTERVALS
    resolve_intervals: float = RESOLVE_INTERVALS
    degraded_s: float | None = None
    reminders_s: Sequence[float] = (REMIND_S,)
    refresh_s: float | None = None

    @property
    def open_s(self) -> float:
        """The time that an error must have lasted."""
        return (self.open_intervals - DETECTION_INTERVALS) * self.interval_s

    @property
    def join_s(self) -> float:
        """The time after an alert opened in which what shares its cause joins it."""
        return max(JOIN_LEAST_S, self.open_s)

    @property
    def resolve_s(self) -> float:
        """The time that an error must be gone."""
        return self.resolve_intervals * self.interval_s

    @property
    def calm_s(self) -> float:
        """The time between two looks while healthy."""
        return max(LOOK_LEAST_S, self.interval_s / CALM_LOOKS)

    @property
    def tense_s(self) -> float:
        """The time between two looks during a problem."""
        return max(LOOK_LEAST_S, self.interval_s / TENSE_LOOKS)

    @property
    def step_max_s(self) -> float:
        """The longest gap between two looks that still counts as continuous."""
        return 2 * self.calm_s

    @property
    def credit_max_s(self) -> float:
        """The longest time before the first look that counts for a finding.

        Not more than a stamp that has just become stale proves, so that a clock step alone cannot
        open an alert.
        """
        return self.interval_s * STALE_AFTER_INTERVALS
