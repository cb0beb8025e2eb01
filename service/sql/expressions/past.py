"""What became of every slot: the statements that count a window, and what lies before it."""

from typing import Any

from sqlalchemy import (
    DateTime,
    Integer,
    Numeric,
    Select,
    String,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schema.tables import Beat, Hour, table
from service.sql.expressions.spans import AN_HOUR, Grid, seconds
from service.sql.expressions.tally import merged, tallies

_beats, _hours = table(Beat).c, table(Hour).c
_NAME = bindparam("name", type_=String())
_START = bindparam("start", type_=DateTime(timezone=True))
_END = bindparam("end", type_=DateTime(timezone=True))
_SOURCES = bindparam("sources", type_=ARRAY(String))


def _history(*, hourly: bool) -> Any:  # Any: as in incidents
    """Counts a window from its hours, or from its beats."""
    grid = Grid(_START, bindparam("width_us", type_=Numeric()))
    now = bindparam("now", type_=DateTime(timezone=True))
    rows, key = (_hours, _hours.hour) if hourly else (_beats, _beats.slot)
    conditions = [
        rows.name == _NAME,
        rows.source == func.any(_SOURCES),
        key >= grid.start,
        key < _END,
    ]
    return merged(grid, conditions, now) if hourly else tallies(grid, conditions, now, exact=True)


def _before() -> Select[Any]:
    """Of each source the slot of its first beat, and the interval of its last before the window.

    Null where there is none, as far back as is kept.
    """
    unnested = func.unnest(_SOURCES).table_valued(column("source", String), name="asked")
    asked = unnested.render_derived()
    source = asked.c.source
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
    ).select_from(asked)


def _page() -> Select[Any]:
    """The first single beats of a source in a window, oldest first."""
    columns = ("source", "slot", "stamp", "interval_seconds", "error", "attempts", "latency_ms")
    return (
        select(*(_beats[each] for each in columns))
        .where(_beats.name == _NAME, _beats.source == bindparam("source", type_=String()))
        .where(_beats.slot >= _START, _beats.slot < _END)
        .order_by(_beats.slot)
        .limit(bindparam("most", type_=Integer()))
    )


STATEMENTS = {
    "BY_HOURS": _history(hourly=True),
    "BY_BEATS": _history(hourly=False),
    "BEFORE": _before(),
    "PAGE": _page(),
}
