"""Incidents: the newest failed writes, and spans without records."""

from typing import Any

from sqlalchemy import (
    Boolean,
    DateTime,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schema.history import WORKER
from schema.tables import Beat, Hour, Incident, table
from service.sql.expressions.spans import epoch, hour_end, seconds, settled

A_SLOT = 0.999  # a smaller gap is not a slot: the interval does not divide the hour

_beats, _hours, _incidents = table(Beat).c, table(Hour).c, table(Incident).c
_MOMENT = DateTime(timezone=True)
_NAME, _SOURCES = bindparam("name", type_=String()), bindparam("sources", type_=ARRAY(String))
_EVERY = bindparam("every", type_=ARRAY(String))  # sources whose beats show that the worker runs
_START, _END = bindparam("start", type_=_MOMENT), bindparam("end", type_=_MOMENT)
_NOW = bindparam("now", type_=_MOMENT)
_MOST = bindparam("most", type_=Integer())


def _failures() -> Select[Any]:
    """Select the sequences of failed beats."""
    rows = (
        select(
            _incidents.source,
            _incidents.began,
            _incidents.ended,
            _incidents.error,
            _incidents.missed,
        )
        .where(_incidents.name == _NAME, _incidents.source == func.any(_SOURCES))
        .where(_incidents.began < _END)
        .where(or_(_incidents.ended.is_(None), _incidents.ended > _START))
        .subquery("failures")
    )
    return _newest(rows.c)


def _silences() -> Select[Any]:
    """Select the gaps between beats of any source: a running worker writes all of them.

    Single beats are read for hours with gaps or without counts. Where beats are no longer kept, a
    gap inside an hour is reported at the hour's beginning or end.
    """
    alive = _alive(_hours_seen())
    until = func.max(alive.c.until).over(order_by=alive.c.begin, rows=(None, -1))
    beside = select(
        until.label("began"),
        alive.c.begin.label("ended"),
        func.lag(alive.c.interval_s).over(order_by=alive.c.begin).label("interval_s"),
    ).subquery("beside")
    newest = select(alive.c.until.label("began"), alive.c.interval_s)
    last = newest.order_by(alive.c.until.desc()).limit(1).subquery("last")
    due = settled(last.c.interval_s, _NOW)
    gaps = union_all(
        select(beside).where(
            epoch(beside.c.ended - beside.c.began) >= A_SLOT * beside.c.interval_s
        ),
        select(last.c.began, cast(null(), _MOMENT), last.c.interval_s).where(last.c.began < due),
    ).subquery("gaps")
    length = epoch(func.coalesce(gaps.c.ended, settled(gaps.c.interval_s, _NOW)) - gaps.c.began)
    rows = (
        select(
            literal(WORKER, String()).label("source"),
            gaps.c.began,
            gaps.c.ended,
            cast(null(), String).label("error"),
            cast(func.ceil(length * A_SLOT / gaps.c.interval_s), Integer).label("missed"),
        )
        .where(gaps.c.began < _END, or_(gaps.c.ended.is_(None), gaps.c.ended > _START))
        .subquery("silences")
    )
    return _newest(rows.c)


def _hours_seen() -> Any:  # Any: a CTE's columns
    """Select all sources' hours, from the last before the window to the first after it."""
    before = select(func.max(_hours.hour)).where(
        _hours.name == _NAME, hour_end(_hours.hour) <= _START
    )
    after = select(func.min(_hours.hour)).where(_hours.name == _NAME, _hours.hour >= _END)
    holes = func.bool_or(_hours.dirty) | func.bool_and((_hours.unknown > 0) | (_hours.before > 0))
    return (
        select(
            _hours.hour,
            func.max(_hours.interval_seconds).label("interval_s"),
            func.min(_hours.before).label("before"),
            func.min(_hours.unknown).label("unknown"),
            cast(holes & ~func.bool_or(_hours.pruned), Boolean).label("by_beats"),
        )
        .where(_hours.name == _NAME)
        .where(_hours.hour >= func.coalesce(before.scalar_subquery(), _START))
        .where(_hours.hour <= func.coalesce(after.scalar_subquery(), _END))
        .group_by(_hours.hour)
        .cte("seen")
    )


def _alive(hours: Any) -> Any:  # Any: a CTE's columns
    """Select spans with records: each beat's slot, or a whole hour."""
    row = hours.c
    beats = (
        select(
            _beats.slot.label("begin"),
            (_beats.slot + seconds(_beats.interval_seconds)).label("until"),
            _beats.interval_seconds.label("interval_s"),
        )
        .where(row.by_beats, _beats.name == _NAME, _beats.source == func.any(_EVERY))
        .where(_beats.slot >= row.hour, _beats.slot < hour_end(row.hour))
        .distinct()
    )
    whole = select(
        (row.hour + seconds(row.before * row.interval_s)).label("begin"),
        (hour_end(row.hour) - seconds(row.unknown * row.interval_s)).label("until"),
        row.interval_s,
    ).where(~row.by_beats)
    return union_all(beats, whole).subquery("alive")


def _newest(row: Any) -> Select[Any]:  # Any: the columns of a subquery
    """Select the newest rows and the longest, with their number."""
    length = func.coalesce(row.ended, _NOW) - row.began
    place = func.row_number().over(order_by=(length.desc(), row.began.desc()))
    numbered = select(row, place.label("place"), func.count().over().label("total")).subquery()
    first = case((numbered.c.place == 1, 0), else_=1)
    return select(numbered).order_by(first, numbered.c.began.desc()).limit(_MOST)


STATEMENTS = {"FAILURES": _failures(), "SILENCES": _silences()}
