"""Which span of the past a request asks for, and into which buckets it is cut."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schema.freshness import CLOCK_TOLERANCE_S
from schema.history import HOUR, KEPT_DAYS, Range

KEPT = timedelta(days=KEPT_DAYS)  # hours and incidents; beats may go earlier
SLACK = timedelta(hours=1)  # a client that asks for all that is kept needs time to ask
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # weeks begin on Mondays, days at midnight, both UTC
CUTS = {  # how wide the parts of a range are, and how many: the last is the one that goes on
    Range.DAY: (timedelta(minutes=15), 96),
    Range.WEEK: (timedelta(hours=2), 84),
    Range.MONTH: (timedelta(days=1), 30),
    Range.QUARTER: (timedelta(days=1), 90),
    Range.YEAR: (timedelta(weeks=1), 53),
}
SLOTS_READ_LIMIT = 25_000  # of a source, beat by beat: 17 days at one a minute; hours beyond


class WindowError(ValueError):
    """The request asks for what cannot be; the text names the parameter and the value."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, both ends aware UTC.

    Attributes:
        start: Included.
        end: Not included, and not in the future.
    """

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Buckets:
    """A window cut into equal parts.

    Attributes:
        first: Where the first begins.
        width: How long each is.
        count: How many they are.
        hourly: Whether they are whole hours, so that hours need not be counted from beats.
    """

    first: datetime
    width: timedelta
    count: int
    hourly: bool

    def start(self, index: int) -> datetime:
        """Where a bucket begins; for `count`, where the last one ends."""
        return self.first + index * self.width


def window(
    begin: datetime | None, end: datetime | None, now: datetime, default: timedelta
) -> Window:
    """The window that a request means.

    Args:
        begin: Its `from`, None for `default` before the end.
        end: Its `to`, None for now.
        now: The server's clock.
        default: How long a window is.

    Raises:
        WindowError: It lies in the future, goes back too far, or has its ends the wrong way.
    """
    # Compared before anything is computed: a year 1 or 9999 is no error of ours.
    for name, moment in (("from", begin), ("to", end)):
        if moment is not None and moment > now + timedelta(seconds=CLOCK_TOLERANCE_S):
            raise WindowError(f"{name}: {moment.isoformat()} lies in the future")
        if moment is not None and moment < now - KEPT - SLACK:
            raise WindowError(f"{name}: {moment.isoformat()} is beyond the {KEPT.days} days kept")
    last = min(now, (end or now).astimezone(UTC))
    first = last - default if begin is None else begin.astimezone(UTC)
    if first >= last:
        raise WindowError(f"from: {first.isoformat()} is not before to, {last.isoformat()}")
    return Window(first, last)


def buckets(
    asked: Window, count: int, now: datetime, beats_kept: timedelta, interval_s: float
) -> Buckets:
    """A window cut into buckets.

    From an hour a bucket on, and where single beats are too many or not kept, buckets are whole
    hours, from the hour in which the window starts to the one in which it ends: so there can be
    one more than asked for, or fewer.

    Args:
        asked: The window.
        count: How many buckets are asked for.
        now: The server's clock.
        beats_kept: How long ago single beats can be told.
        interval_s: Seconds between slots.
    """
    width = max((asked.end - asked.start) // count, timedelta.resolution)
    if width < HOUR and _told_by_beats(asked, now, beats_kept, interval_s):
        return Buckets(asked.start, width, count, hourly=False)
    start = asked.start.replace(minute=0, second=0, microsecond=0)
    width = math.ceil(width / HOUR) * HOUR
    return Buckets(start, width, math.ceil((asked.end - start) / width), hourly=True)


def ranged(asked: Range, now: datetime, beats_kept: timedelta, interval_s: float) -> Buckets:
    """A range cut at round moments of UTC: real days, and weeks that begin on Mondays.

    The last bucket is the one in which now lies; so a range is as long as its name says but for
    the part of that bucket which is still to come.

    Args:
        asked: The range.
        now: The server's clock.
        beats_kept: How long ago single beats can be told.
        interval_s: Seconds between slots.
    """
    width, count = CUTS[asked]
    first = now - (now - MONDAY) % width - (count - 1) * width
    if width < HOUR and not _told_by_beats(Window(first, now), now, beats_kept, interval_s):
        width, count = HOUR, math.ceil(count * width / HOUR)
        first = now - (now - MONDAY) % width - (count - 1) * width
    return Buckets(first, width, count, hourly=width >= HOUR)


def with_beats(asked: Window, now: datetime, beats_kept: timedelta) -> Window:
    """The window, if the single beats of all of it are kept.

    Args:
        asked: The window.
        now: The server's clock.
        beats_kept: How long ago single beats can be told.

    Raises:
        WindowError: It begins before.
    """
    if asked.start < now - beats_kept - SLACK:
        raise WindowError(
            f"from: {asked.start.isoformat()} is beyond the {beats_kept.days} days for which "
            "single beats are kept (HISTORY_RETENTION_DAYS); /history has the sums of earlier times"
        )
    return asked


def _told_by_beats(asked: Window, now: datetime, beats_kept: timedelta, interval_s: float) -> bool:
    """Whether single beats are kept and few enough to be read."""
    longest = SLOTS_READ_LIMIT * timedelta(seconds=interval_s)
    return asked.start >= now - beats_kept and asked.end - asked.start <= longest
