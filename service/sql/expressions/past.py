"""Results of all slots: the statements that count a window, and what precedes it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    DateTime,
    Integer,
    Interval,
    Numeric,
    Select,
    String,
    and_,
    bindparam,
    column,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schema.tables import Beat, Day, Hour, table
from service.sql.expressions.spans import A_DAY, AN_HOUR, Grid, dates, seconds
from service.sql.expressions.tally import (
    COUNTS,
    clean_hours,
    dirty_hours,
    hours_in,
    merged,
    tallies,
)

_beats, _hours, _days = table(Beat).c, table(Hour).c, table(Day).c
_NAME = bindparam("name", type_=String())
_START = bindparam("start", type_=DateTime(timezone=True))
_END = bindparam("end", type_=DateTime(timezone=True))
_SOURCES = bindparam("sources", type_=ARRAY(String))


_NOW = bindparam("now", type_=DateTime(timezone=True))
_GRID = Grid(_START, bindparam("width_us", type_=Numeric()))


def _by_beats() -> Select[Any]:
    """Count a window from its beats."""
    conditions = [
        _beats.name == _NAME,
        _beats.source == func.any(_SOURCES),
        _beats.slot >= _START,
        _beats.slot < _END,
    ]
    return tallies(_GRID, conditions, _NOW, exact=True)


def _by_hours() -> Select[Any]:
    """Count a window of whole hours, using days that lie in a single bucket."""
    each = _dates()
    begin = func.greatest(each.c.day, _START)
    rows = hours_in(_NAME, each.c.source, begin, func.least(each.c.day + A_DAY, _END))
    joined = each.join(rows, true())
    hours = select(rows).select_from(joined).where(each.c.ok.is_(None)).cte("hours_of_days")
    days = select(
        each.c.source,
        each.c.day.label("begin"),
        (each.c.day + A_DAY).label("end"),
        *(each.c[name] for name in (*COUNTS, "seconds")),
    ).where(each.c.ok.is_not(None))
    return merged(_GRID, union_all(days, clean_hours(hours), dirty_hours(hours, _NOW)), _NOW)


def _dates() -> CTE:
    """Select each date of the window for each source, with its sums where they can be used."""
    each = dates(_SOURCES, func.date_trunc("day", _START, "UTC"), _END).subquery("each")
    day, last = each.c.day, each.c.day + A_DAY - literal(timedelta.resolution, Interval())
    usable = [
        _days.name == _NAME,
        _days.source == each.c.source,
        _days.day == day,
        day >= _START,
        day + A_DAY <= _END,
        _GRID.index(day) == _GRID.index(last),
    ]
    joined = each.outerjoin(table(Day), and_(*usable))
    sums = (_days[name] for name in (*COUNTS, "seconds"))
    return select(each.c.source, day, *sums).select_from(joined).cte("dates")


def _before() -> Select[Any]:
    """Select, by source, the first beat's slot, and the interval of the last before the window.

    Null where there is none, as far back as is kept.
    """
    unnested = func.unnest(_SOURCES).table_valued(column("source", String), name="requested")
    requested = unnested.render_derived()
    source = requested.c.source
    last_beat = (
        select(_beats.interval_seconds)
        .where(_beats.name == _NAME, _beats.source == source, _beats.slot < _START)
        .order_by(_beats.slot.desc())
        .limit(1)
    )
    last_hour = (
        select(_hours.interval_seconds)
        .where(_hours.name == _NAME, _hours.source == source, _hours.hour <= _START - AN_HOUR)
        .order_by(_hours.hour.desc())
        .limit(1)
    )
    first_beat = (
        select(_beats.slot)
        .where(_beats.name == _NAME, _beats.source == source)
        .order_by(_beats.slot)
        .limit(1)
    )
    first_hour = (
        select(_hours.hour + seconds(_hours.before * _hours.interval_seconds))
        .where(_hours.name == _NAME, _hours.source == source, _hours.pruned)
        .order_by(_hours.hour)
        .limit(1)
    )
    return select(
        source,
        func.coalesce(last_beat.scalar_subquery(), last_hour.scalar_subquery()).label("interval_s"),
        func.least(first_beat.scalar_subquery(), first_hour.scalar_subquery()).label("first"),
    ).select_from(requested)


def _page() -> Select[Any]:
    """Select the first beats of a source in a window, oldest first."""
    columns = ("source", "slot", "stamp", "interval_seconds", "error", "attempts", "latency_ms")
    return (
        select(*(_beats[each] for each in columns))
        .where(_beats.name == _NAME, _beats.source == bindparam("source", type_=String()))
        .where(_beats.slot >= _START, _beats.slot < _END)
        .order_by(_beats.slot)
        .limit(bindparam("most", type_=Integer()))
    )


STATEMENTS = {
    "BY_HOURS": _by_hours(),
    "BY_BEATS": _by_beats(),
    "BEFORE": _before(),
    "PAGE": _page(),
}
