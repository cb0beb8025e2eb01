"""Count beats per span of time: due, successful, and how long they took.

A gap between two beats is counted with the interval of the beat before it and, from the start of
the span in which beats continue, with that of the beat after it. So a changed interval is counted
correctly, and each span can be counted alone.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Float,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.sql.selectable import LateralFromClause

from schema.history import LATENCY_BOUNDS_MS, LATENCY_BUCKETS
from schema.tables import Beat, Hour, table
from service.sql.expressions.spans import (
    HOURS,
    Condition,
    Grid,
    Moment,
    Neighbours,
    Number,
    epoch,
    hour_end,
    slots,
    slots_after,
    slots_before,
    whole,
)

_beats, _hours = table(Beat).c, table(Hour).c
_BOUNDS = cast(list(LATENCY_BOUNDS_MS), ARRAY(Float))


def tallies(
    grid: Grid, conditions: Sequence[Condition], now: Moment | None, *, exact: bool = False
) -> Select[Any]:
    """Count beats per source and span, in the columns of `Hour`.

    Args:
        grid: The spans.
        conditions: Select the beats.
        now: Later slots do not count yet; None if every span is over.
        exact: Whether to return the percentiles `p50` and `p95` instead of the histogram.
    """
    names = ("source", "slot", "interval_seconds", "error", "latency_ms")
    bucket = func.width_bucket(_beats.latency_ms, _BOUNDS).label("bucket")
    row = (
        select(*(_beats[name] for name in names), bucket, *_placed(grid, _beats.slot, _beats))
        .where(*conditions)
        .subquery("beats")
        .c
    )
    place, landed = Neighbours.of(row, grid, now), row.error.is_(None)
    unknown = slots_after(row.slot, place.until, row.interval_seconds)
    before = slots_before(row.slot, grid.begin(row.span), row.interval_seconds)
    # A beat counts for its slot, or until the next beat: intervals may have changed.
    lasted = func.least(row.interval_seconds, epoch(row.following - row.slot))
    return select(
        row.source,
        row.span,
        grid.begin(row.span).label("hour"),
        func.count().filter(landed).label("ok"),
        func.count().filter(~landed).label("failed"),
        whole(func.sum(unknown)).label("unknown"),
        whole(func.sum(case((place.first, before), else_=0))).label("before"),
        func.max(row.interval_seconds).filter(place.last).label("interval_seconds"),
        _seconds(
            func.sum(lasted).filter(landed),
            func.sum(lasted).filter(~landed),
            func.sum(unknown * row.interval_seconds),
            func.sum(case((place.first, before * row.interval_seconds), else_=0)),
        ),
        *(_percentiles(row, landed) if exact else [_histogram(row, landed)]),
    ).group_by(row.source, row.span)


def merged(grid: Grid, rows: Any, now: Moment | None) -> Select[Any]:  # Any: as below
    """Sum hours or days per source and span, in the columns of `tallies`.

    Args:
        grid: The spans; each row lies in one of them.
        rows: With the columns of `clean_hours`.
        now: Slots due after it are not counted yet; None if every span is over.
    """
    given = rows.subquery("given")
    row = select(given, *_placed(grid, given.c.begin, given.c)).subquery("row").c
    place = Neighbours.of(row, grid, now)
    after = slots(row.end, place.until, row.interval_seconds)
    earlier = slots(grid.begin(row.span), row.begin, row.interval_seconds)
    unknown = row.unknown + after + case((place.first, 0), else_=row.before)
    ok_s, failed_s, unknown_s, before_s = (row.seconds[n] for n in (1, 2, 3, 4))
    after_s, earlier_s = after * row.interval_seconds, earlier * row.interval_seconds
    latencies = array([func.sum(row.latencies[n + 1]) for n in range(LATENCY_BUCKETS)])
    return select(
        row.source,
        row.span,
        whole(func.sum(row.ok)).label("ok"),
        whole(func.sum(row.failed)).label("failed"),
        whole(func.sum(unknown)).label("unknown"),
        whole(func.sum(case((place.first, earlier + row.before), else_=0))).label("before"),
        func.max(row.interval_seconds).filter(place.last).label("interval_seconds"),
        _seconds(
            func.sum(ok_s),
            func.sum(failed_s),
            func.sum(unknown_s + after_s + case((place.first, 0.0), else_=before_s)),
            func.sum(case((place.first, before_s + earlier_s), else_=0.0)),
        ),
        latencies.label("latencies"),
    ).group_by(row.source, row.span)


def in_hour(source: Any, hour: Moment) -> list[Condition]:  # Any: a column of any origin
    """Return the condition that a beat belongs to a source and an hour."""
    return [_beats.source == source, _beats.slot >= hour, _beats.slot < hour_end(hour)]


COUNTS = ("ok", "failed", "unknown", "before", "interval_seconds", "latencies")


def hours_in(name: Any, source: Any, begin: Moment, end: Moment) -> LateralFromClause:
    """Select a source's hours in a span, for each row beside it, in the columns of `Hour`.

    OFFSET 0 keeps it a loop over an index: joined by the span, each row would be compared with all
    hours of the source where PostgreSQL does not know yet how many there are.
    """
    rows = select(table(Hour)).where(_hours.name == name, _hours.source == source)
    return rows.where(_hours.hour >= begin, _hours.hour < end).offset(0).lateral("hours")


def clean_hours(hours: FromClause) -> Select[Any]:
    """Select hours that are counted: source, begin, end, counts and seconds of each.

    Args:
        hours: With the columns of `Hour`.
    """
    row = hours.c
    by_slots = [row[each] * row.interval_seconds for each in COUNTS[:4]]
    return select(
        row.source,
        row.hour.label("begin"),
        hour_end(row.hour).label("end"),
        *(row[name] for name in COUNTS),
        func.coalesce(row.seconds, _seconds(*by_slots)).label("seconds"),
    ).where(~row.dirty)


def dirty_hours(hours: FromClause, now: Moment) -> Select[Any]:
    """Count hours that are not counted yet from their beats, in the columns of `clean_hours`.

    Args:
        hours: With the columns of `Hour`.
        now: Slots due after it are not counted yet.
    """
    beats = [_beats.name == hours.c.name, *in_hour(hours.c.source, hours.c.hour)]
    recounted = tallies(HOURS, [hours.c.dirty, *beats], now).subquery("dirty").c
    return select(
        recounted.source,
        recounted.hour.label("begin"),
        hour_end(recounted.hour).label("end"),
        *(recounted[name] for name in (*COUNTS, "seconds")),
    )


def _placed(grid: Grid, moment: Moment, row: Any) -> list[Number]:  # Any: columns
    """Add a row's span and its neighbours, which may be in other spans.

    They are not restricted to the span, so that rows can be read in the order of their index.
    """
    return [
        grid.index(moment).label("span"),
        func.lag(moment).over(partition_by=row.source, order_by=moment).label("previous"),
        func.lead(moment).over(partition_by=row.source, order_by=moment).label("following"),
    ]


def _seconds(ok: Number, failed: Number, unknown: Number, before: Number) -> Number:
    """Return how long each state lasted, for the columns of the same names."""
    each = [func.coalesce(cast(number, Float), 0.0) for number in (ok, failed, unknown, before)]
    return cast(array(each), ARRAY(Float)).label("seconds")


def _percentiles(row: Any, landed: Condition) -> list[Number]:  # Any: columns
    return [
        func.percentile_disc(fraction).within_group(row.latency_ms).filter(landed).label(name)
        for name, fraction in (("p50", 0.5), ("p95", 0.95))
    ]


def _histogram(row: Any, landed: Condition) -> Number:  # Any: columns
    counts = [func.count().filter(and_(landed, row.bucket == n)) for n in range(LATENCY_BUCKETS)]
    return cast(array(counts), ARRAY(Integer)).label("latencies")
