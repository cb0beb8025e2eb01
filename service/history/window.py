"""The span that a request selects, and its division into buckets."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schema.freshness import CLOCK_TOLERANCE_S
from schema.history import HOUR, KEPT_DAYS, Range

KEPT = timedelta(days=KEPT_DAYS)  # hours and incidents; beats may be removed earlier
SLACK = timedelta(hours=1)  # tolerance for a client that requests all that is kept
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # weeks begin on Mondays, days at midnight, both UTC
CUTS = {  # width and number of a range's buckets; the last one is the current one
    Range.DAY: (timedelta(minutes=15), 96),
    Range.WEEK: (timedelta(hours=2), 84),
    Range.MONTH: (timedelta(days=1), 30),
    Range.QUARTER: (timedelta(days=1), 90),
    Range.YEAR: (timedelta(weeks=1), 53),
}
SLOTS_READ_LIMIT = (
    25_000  # beats of a source that are read singly: 17 days at one per minute; hours beyond
)


class WindowError(ValueError):
    """The request is invalid; the message names the parameter and the value."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, both ends aware UTC.

    Attributes:
        start: Inclusive.
        end: Exclusive, and not in the future.
    """

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Buckets:
    """A window divided into equal buckets.

    Attributes:
        first: The start of the first one.
        width: The length of each.
        count: Their number.
        hourly: Whether they are whole hours, so that hourly totals can be used.
    """

    first: datetime
    width: timedelta
    count: int
    hourly: bool

    def start(self, index: int) -> datetime:
        """Return the start of a bucket; for `count`, the end of the last one."""
        return self.first + index * self.width


def window(
    begin: datetime | None, end: datetime | None, now: datetime, default: timedelta
) -> Window:
    """Return the window that a request selects.

    Args:
        begin: Its `from`; None for `default` before the end.
        end: Its `to`, None for now.
        now: The server's clock.
        default: The default length of a window.

    Raises:
        WindowError: It is in the future, goes back too far, or ends before it begins.
    """
    # Compared before any arithmetic, which could overflow for the years 1 and 9999.
    for name, moment in (("from", begin), ("to", end)):
        if moment is not None and moment > now + timedelta(seconds=CLOCK_TOLERANCE_S):
            raise WindowError(f"{name}: {moment.isoformat()} is in the future")
        if moment is not None and moment < now - KEPT - SLACK:
            raise WindowError(f"{name}: {moment.isoformat()} is beyond the {KEPT.days} days kept")
    last = min(now, (end or now).astimezone(UTC))
    first = last - default if begin is None else begin.astimezone(UTC)
    if first >= last:
        raise WindowError(f"from: {first.isoformat()} is not before to, {last.isoformat()}")
    return Window(first, last)


def buckets(
    span: Window, count: int, now: datetime, beats_kept: timedelta, interval_s: float
) -> Buckets:
    """Divide a window into buckets.

    Buckets of an hour or more, and those where single beats are too many or no longer kept, are
    whole hours, from the hour of the window's start to the hour of its end, so that their number
    can differ from the requested one.

    Args:
        span: The window.
        count: The requested number of buckets.
        now: The server's clock.
        beats_kept: How long single beats are kept.
        interval_s: Seconds between slots.
    """
    width = max((span.end - span.start) // count, timedelta.resolution)
    if width < HOUR and _reads_beats(span, now, beats_kept, interval_s):
        return Buckets(span.start, width, count, hourly=False)
    start = span.start.replace(minute=0, second=0, microsecond=0)
    width = math.ceil(width / HOUR) * HOUR
    return Buckets(start, width, math.ceil((span.end - start) / width), hourly=True)


def ranged(span: Range, now: datetime, beats_kept: timedelta, interval_s: float) -> Buckets:
    """Divide a range at round UTC times: calendar days, and weeks from Monday.

    The last bucket contains the current time, so a range is shorter than its name by the future
    part of that bucket.

    Args:
        span: The range.
        now: The server's clock.
        beats_kept: How long single beats are kept.
        interval_s: Seconds between slots.
    """
    width, count = CUTS[span]
    first = now - (now - MONDAY) % width - (count - 1) * width
    if width < HOUR and not _reads_beats(Window(first, now), now, beats_kept, interval_s):
        width, count = HOUR, math.ceil(count * width / HOUR)
        first = now - (now - MONDAY) % width - (count - 1) * width
    return Buckets(first, width, count, hourly=width >= HOUR)


def with_beats(span: Window, now: datetime, beats_kept: timedelta) -> Window:
    """Return the window, if all of its single beats are kept.

    Args:
        span: The window.
        now: The server's clock.
        beats_kept: How long single beats are kept.

    Raises:
        WindowError: It begins too early.
    """
    if span.start < now - beats_kept - SLACK:
        raise WindowError(
            f"from: {span.start.isoformat()} is beyond the {beats_kept.days} days for which "
            "single beats are kept (HISTORY_RETENTION_DAYS); /history has the sums of earlier times"
        )
    return span


def _reads_beats(span: Window, now: datetime, beats_kept: timedelta, interval_s: float) -> bool:
    """Tell whether single beats are kept, and few enough to be read."""
    longest = SLOTS_READ_LIMIT * timedelta(seconds=interval_s)
    return span.start >= now - beats_kept and span.end - span.start <= longest
