"""Time in SQL: spans of equal width, and the slots that begin in them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Interval,
    Numeric,
    Select,
    String,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    true,
)

from schema.history import HOUR, SETTLED_AFTER_S, TOLERANCE_S

MICROSECONDS = 1_000_000  # per second

Moment = ColumnElement[Any]  # Any: SQLAlchemy infers no type from datetime arithmetic
Number = ColumnElement[Any]
Condition = ColumnElement[bool]
AN_HOUR = literal(HOUR, Interval())
A_DAY = literal(24 * HOUR, Interval())


@dataclass(frozen=True, slots=True)
class Grid:
    """Spans of equal width, one after the other, exact to the microsecond.

    Attributes:
        start: The start of the first one.
        width_us: The length of each, in microseconds.
    """

    start: Moment
    width_us: Number

    def index(self, moment: Moment) -> Number:
        """Return the number of the span that contains a time not before the first one."""
        since = func.extract("epoch", moment - self.start) * MICROSECONDS
        return cast(func.div(since, self.width_us), Integer)

    def begin(self, index: Number) -> Moment:
        """Return the start of a span."""
        return self.start + seconds(index * self.width_us / MICROSECONDS)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A row's position among the rows of its source, and in its span.

    Attributes:
        first: Whether it is the first in its span.
        last: Whether it is the last.
        until: The next row in its span, else the span's end, as far as its slots are due by now.
    """

    first: Condition
    last: Condition
    until: Moment

    @classmethod
    def of(cls, row: Any, grid: Grid, now: Moment | None) -> "Neighbours":  # Any: columns
        """Derive them from a row with `span`, `interval_seconds`, `previous` and `following`.

        Args:
            row: The columns of a subquery.
            grid: The spans.
            now: Later slots do not count yet; None if every span is over.
        """
        end = grid.begin(row.span + 1)
        due = end if now is None else func.least(end, settled(row.interval_seconds, now))
        # By their spans' numbers: by rounded ends, a row could be in neither of two spans.
        last = or_(row.following.is_(None), grid.index(row.following) != row.span)
        return cls(
            first=or_(row.previous.is_(None), grid.index(row.previous) != row.span),
            last=last,
            until=case((last, due), else_=row.following),
        )


def slots(begin: Moment, end: Moment, interval_s: Number) -> Number:
    """Return how many slots of an interval begin in a span."""
    first = func.ceil((epoch(begin) - TOLERANCE_S) / interval_s)
    return func.greatest(0, func.ceil((epoch(end) - TOLERANCE_S) / interval_s) - first)


def slots_after(slot: Moment, end: Moment, interval_s: Number) -> Number:
    """Return how many slots follow one before a span's end, or before the next beat."""
    return func.greatest(0, func.ceil((epoch(end - slot) - TOLERANCE_S) / interval_s) - 1)


def slots_before(slot: Moment, begin: Moment, interval_s: Number) -> Number:
    """Return how many slots precede one, from a span's beginning."""
    return func.floor((epoch(slot - begin) + TOLERANCE_S) / interval_s)


def settled(interval_s: Number, now: Moment) -> Moment:
    """Return the time before which slots should have their beats by now."""
    return now - seconds(interval_s + SETTLED_AFTER_S)


def hour_end(hour: Moment) -> Moment:
    """Return the end of an hour."""
    return hour + AN_HOUR


def epoch(value: Moment) -> Number:
    """Convert a time, or a difference of two, to seconds."""
    return cast(func.extract("epoch", value), Float)


def seconds(number: Number) -> Moment:
    """Convert seconds to an interval."""
    return cast(number, Float) * literal(timedelta(seconds=1), Interval())


def whole(number: Number) -> Number:
    """Convert a whole number to an integer."""
    return cast(number, Integer)


EPOCH = literal(datetime(1970, 1, 1, tzinfo=UTC), DateTime(timezone=True))
HOURS = Grid(EPOCH, literal(HOUR // timedelta(microseconds=1), Numeric))
DAYS = Grid(EPOCH, literal(24 * HOUR // timedelta(microseconds=1), Numeric))


def dates(sources: Any, begin: Moment, last: Moment) -> Select[Any]:  # Any: an array
    """Select each date from a midnight to the last one for each source, as `source` and `day`."""
    requested = func.unnest(sources).table_valued(column("source", String), name="requested")
    moment = DateTime(timezone=True)
    series = func.generate_series(begin, last, A_DAY)
    calendar = series.table_valued(column("day", moment), name="calendar")
    each, day = requested.render_derived(), calendar.render_derived()
    return select(each.c.source, day.c.day).select_from(each.join(day, true()))
