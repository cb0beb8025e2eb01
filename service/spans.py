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
    case,
    cast,
    func,
    literal,
    or_,
)

HOUR_S = 3600
SETTLED_AFTER_S = 30.0  # after a slot's end: the deadline of its writes, and a flush
SLOTS_TOLERANCE = 1e-3  # of a slot: slots are rounded to microseconds

Moment = ColumnElement[Any]  # Any: SQLAlchemy infers no type from datetime arithmetic
Number = ColumnElement[Any]
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Grid:
    """Spans of equal width, one after the other.

    Attributes:
        start: Where the first begins.
        width_s: How long each is, in seconds.
    """

    start: datetime
    width_s: float

    def index(self, moment: Moment) -> Number:
        """The number of the span in which a moment lies."""
        return cast(func.floor(epoch(moment - as_moment(self.start)) / self.width_s), Integer)

    def begin(self, index: Number) -> Moment:
        """Where a span begins."""
        return as_moment(self.start) + seconds(index * self.width_s)


HOURS = Grid(datetime(1970, 1, 1, tzinfo=UTC), HOUR_S)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where a row stands among the rows of its source, and in its span.

    Attributes:
        first: Whether it is the first in its span.
        last: Whether it is the last.
        until: The next row in its span, else the span's end as far as slots are due by now.
    """

    first: Condition
    last: Condition
    until: Moment

    @classmethod
    def of(cls, row: Any, grid: Grid, now: datetime | None) -> "Neighbours":  # Any: columns
        """Those of a row with `span`, `interval_seconds`, `previous` and `following`.

        Args:
            row: The columns of a subquery.
            grid: The spans.
            now: What is due later does not count yet; None if every span is over.
        """
        begin, end = grid.begin(row.span), grid.begin(row.span + 1)
        due = end if now is None else func.least(end, settled(row.interval_seconds, now))
        last = or_(row.following.is_(None), row.following >= end)
        return cls(
            first=or_(row.previous.is_(None), row.previous < begin),
            last=last,
            until=case((last, due), else_=row.following),
        )


def slots(begin: Moment, end: Moment, interval_s: Number) -> Number:
    """How many slots of an interval begin in a span."""
    first = func.ceil(epoch(begin) / interval_s - SLOTS_TOLERANCE)
    return func.greatest(0, func.ceil(epoch(end) / interval_s - SLOTS_TOLERANCE) - first)


def settled(interval_s: Number, now: datetime) -> Moment:
    """A slot that begins before this moment would have its beat by now."""
    return as_moment(now) - seconds(interval_s + SETTLED_AFTER_S)


def hour_end(hour: Moment) -> Moment:
    """Where an hour ends."""
    return hour + seconds(literal(HOUR_S))


def as_moment(moment: datetime) -> Moment:
    """A moment as a parameter."""
    return literal(moment, DateTime(timezone=True))


def epoch(value: Moment) -> Number:
    """A moment, or a difference of two, in seconds."""
    return cast(func.extract("epoch", value), Float)


def seconds(number: Number) -> Moment:
    """Seconds as an interval."""
    return cast(number, Float) * literal(timedelta(seconds=1), Interval())


def whole(number: Number) -> Number:
    """A number without the fraction that it does not have."""
    return cast(number, Integer)
