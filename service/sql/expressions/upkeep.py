"""The statements of history's upkeep: count hours, mark and remove old rows."""

from typing import Any

from sqlalchemy import (
    DateTime,
    Integer,
    String,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from schema.tables import Beat, Day, Hour, Incident, table
from service.sql.expressions.beats import sealed
from service.sql.expressions.spans import A_DAY, DAYS, HOURS, Condition, dates, hour_end, settled
from service.sql.expressions.tally import COUNTS, clean_hours, hours_in, in_hour, merged, tallies

_beats, _hours, _incidents = table(Beat).c, table(Hour).c, table(Incident).c
_days = table(Day).c
_NAME = bindparam("name", type_=String())
_SOURCE = bindparam("source", type_=String())
_BEFORE = bindparam("before", type_=DateTime(timezone=True))
_SOURCES = bindparam("sources", type_=ARRAY(String))
_AFTER = bindparam("after", type_=DateTime(timezone=True))
_MOST = bindparam("most", type_=Integer())  # rows per transaction, so that each is short


def _count_hours() -> Any:  # Any: as in incidents
    """Count some dirty hours that have ended; idempotent."""
    now = bindparam("now", type_=DateTime(timezone=True))
    over = hour_end(_hours.hour) <= settled(_hours.interval_seconds, now)
    some = (
        select(_hours.source, _hours.hour)
        .where(_hours.name == _NAME, _hours.dirty, over)
        .order_by(_hours.hour)
        .limit(_MOST)
        .cte("some")
    )
    fresh = tallies(HOURS, [_beats.name == _NAME, *in_hour(some.c.source, some.c.hour)], None)
    recounted = fresh.subquery("fresh").c
    return (
        update(table(Hour))
        .where(
            _hours.name == _NAME, _hours.source == recounted.source, _hours.hour == recounted.hour
        )
        .values({each: recounted[each] for each in (*COUNTS, "seconds")} | {"dirty": False})
    )


def _refute_days() -> Any:
    """Delete days that differ from their hours, which a previous version may have changed."""
    day = func.date_trunc("day", _hours.hour, "UTC").label("day")
    summed = (
        select(
            _hours.source,
            day,
            func.sum(_hours.ok).label("ok"),
            func.sum(_hours.failed).label("failed"),
            func.bool_or(_hours.dirty).label("dirty"),
        )
        .where(_hours.name == _NAME)
        .group_by(_hours.source, day)
        .subquery("summed")
        .c
    )
    differs = or_(summed.dirty, summed.ok != _days.ok, summed.failed != _days.failed)
    return delete(table(Day)).where(
        _days.name == _NAME, _days.source == summed.source, _days.day == summed.day, differs
    )


def _sum_days() -> Any:
    """Sum some ended days whose hours are all counted and that have no sums yet.

    `before` and `after` are midnights around the days of `sources`.
    """
    each = dates(_SOURCES, _AFTER, _BEFORE - A_DAY).subquery("dates").c
    # By its key, as in `beats.sealed`.
    there = select(literal(1)).where(
        _days.name == _NAME, _days.source == each.source, _days.day == each.day
    )
    counted = (
        select(func.bool_and(~_hours.dirty).label("all"))
        .where(_hours.name == _NAME, _hours.source == each.source)
        .where(_hours.hour >= each.day, _hours.hour < each.day + A_DAY)
        .lateral("counted")
    )
    some = (
        select(each.source, each.day)
        .where(there.scalar_subquery().is_(None), counted.c.all)
        .limit(_MOST)
        .cte("some")
    )
    rows = hours_in(_NAME, some.c.source, some.c.day, some.c.day + A_DAY)
    hours = select(rows).select_from(some.join(rows, true())).subquery("hours_of_days")
    merged_hours = merged(DAYS, clean_hours(hours), None).subquery("merged").c
    columns = (*COUNTS, "seconds")
    sums = select(
        _NAME,
        merged_hours.source,
        DAYS.begin(merged_hours.span),
        *(merged_hours[each] for each in columns),
    )
    new = insert(table(Day)).from_select(["name", "source", "day", *columns], sums)
    return new.on_conflict_do_nothing()


def _seal() -> Any:
    """Mark the hours whose beats may be removed: counted, ended, and before any open incident.

    `before` is the start of an hour.
    """
    lasting = select(_incidents.began).where(
        _incidents.name == _NAME,
        _incidents.source == _hours.source,
        _incidents.began < hour_end(_hours.hour),
        or_(_incidents.ended.is_(None), _incidents.ended >= _BEFORE),
    )
    key = (_hours.name, _hours.source, _hours.hour)
    old = (
        select(*key)
        .where(_hours.name == _NAME, ~_hours.dirty, ~_hours.pruned)
        .where(hour_end(_hours.hour) <= _BEFORE, ~lasting.exists())
        .limit(_MOST)
    )
    return update(table(Hour)).where(tuple_(*key).in_(old)).values(pruned=True)


def _sources() -> Any:
    """Return the sources that have hours."""
    return select(_hours.source).where(_hours.name == _NAME).distinct()


def _prune_beats() -> Any:
    """Delete some, oldest first, so that no incident is ever split."""
    key = (_beats.name, _beats.source, _beats.slot)
    old = (
        select(*key)
        .where(_beats.name == _NAME, _beats.source == _SOURCE, _beats.slot < _BEFORE)
        .where(sealed(_NAME, _SOURCE, _beats.slot))
        .order_by(_beats.slot)
        .limit(_MOST)
    )
    return delete(table(Beat)).where(tuple_(*key).in_(old))


def _prune_rows(model: type[Hour | Day | Incident], old: Condition, key: str) -> Any:
    """Delete some old rows.

    Args:
        model: The table.
        old: Selects the rows.
        key: The rest of a row's key, beside name and source.
    """
    rows = table(model)
    keys = [rows.c[each] for each in ("name", "source", key)]
    some = select(*keys).where(rows.c.name == _NAME, old).limit(_MOST)
    return delete(rows).where(tuple_(*keys).in_(some))


STATEMENTS = {
    "COUNT_HOURS": _count_hours(),
    "REFUTE_DAYS": _refute_days(),
    "SUM_DAYS": _sum_days(),
    "SEAL": _seal(),
    "SOURCES": _sources(),
    "PRUNE_BEATS": _prune_beats(),
    "PRUNE_HOURS": _prune_rows(Hour, _hours.pruned & (_hours.hour < _BEFORE), "hour"),
    "PRUNE_DAYS": _prune_rows(Day, _days.day < _BEFORE, "day"),
    "PRUNE_INCIDENTS": _prune_rows(Incident, _incidents.ended < _BEFORE, "began"),
}
