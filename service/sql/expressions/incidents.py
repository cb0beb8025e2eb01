"""Derive incidents from beats: each sequence of failed beats is one, in any order of arrival.

Slots without a beat neither begin nor end an incident: without a worker nothing is known.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    String,
    bindparam,
    column,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert

from schema.tables import Beat, Incident, table

_beats, _incidents = table(Beat).c, table(Incident).c
_NAME = bindparam("name", type_=String())


def _derivation() -> Any:  # Any: SQLAlchemy's builder types end where a CTE writes
    """Return the statement that corrects the incidents around new beats.

    Its parameters are `name`, and three arrays with the places of new beats: `sources`, and the
    `first` and the `last` slot in each.

    It considers the time from the last successful beat before the new ones to the first one after
    them, since no incident spans a successful beat. Correct incidents are not changed.
    """
    around = _around(_bounds())
    found = _found(around)
    columns = ("source", "began", "ended", "error", "missed")
    new = insert(table(Incident)).from_select(
        ["name", *columns],
        select(_NAME, *(found.c[each] for each in columns)),
    )
    values = {each: new.excluded[each] for each in ("ended", "error", "missed")}
    changed = [_incidents[each].is_distinct_from(value) for each, value in values.items()]
    return new.on_conflict_do_update(
        index_elements=["name", "source", "began"], set_=values, where=or_(*changed)
    ).add_cte(_wrong(around, found))


def _bounds() -> CTE:
    """Select the successful beats around the new ones, between which incidents can have changed."""
    moment = _beats.slot.type
    given = (
        func.unnest(
            bindparam("sources", type_=ARRAY(String)),
            bindparam("first", type_=ARRAY(moment)),
            bindparam("last", type_=ARRAY(moment)),
        )
        .table_valued(column("source", String), column("first", moment), column("last", moment))
        .render_derived(name="given")
    )
    landed = (_beats.name == _NAME, _beats.source == given.c.source, _beats.error.is_(None))
    after = select(func.max(_beats.slot)).where(*landed, _beats.slot < given.c.first)
    until = select(func.min(_beats.slot)).where(*landed, _beats.slot > given.c.last)
    return select(
        given.c.source,
        _or_infinity(after.scalar_subquery(), "-infinity").label("after"),
        _or_infinity(until.scalar_subquery(), "infinity").label("until"),
    ).cte("bounds")


def _around(bounds: CTE) -> CTE:
    """Select the beats between the bounds; each success, the last included, begins a group."""
    landed = func.count().filter(_beats.error.is_(None))
    run = landed.over(partition_by=_beats.source, order_by=_beats.slot)
    return (
        select(_beats.source, _beats.slot, _beats.error, run.label("run"))
        .where(_beats.name == _NAME, _beats.source == bounds.c.source)
        .where(_beats.slot > bounds.c.after, _beats.slot <= bounds.c.until)
        .cte("around")
    )


def _found(around: CTE) -> CTE:
    """Select the incidents in these beats: a group's failures, until the next group begins."""
    row, failed = around.c, around.c.error.is_not(None)
    errors = func.array_agg(aggregate_order_by(row.error, row.slot), type_=ARRAY(String))
    runs = (
        select(
            row.source,
            func.min(row.slot).filter(failed).label("began"),
            func.lead(func.min(row.slot))
            .over(partition_by=row.source, order_by=row.run)
            .label("ended"),
            func.array_remove(errors, None, type_=ARRAY(String))[1].label("error"),
            func.count().filter(failed).label("missed"),
        )
        .group_by(row.source, row.run)
        .subquery("runs")
    )
    return select(runs).where(runs.c.missed > 0).cte("found")


def _wrong(around: CTE, found: CTE) -> CTE:
    """Delete incidents between the bounds that do not match the beats."""
    first, last = func.min(around.c.slot).label("first"), func.max(around.c.slot).label("last")
    spans = select(around.c.source, first, last).group_by(around.c.source).cte("spans")
    recorded = exists().where(
        found.c.source == _incidents.source, found.c.began == _incidents.began
    )
    return (
        delete(table(Incident))
        .where(_incidents.name == _NAME, _incidents.source == spans.c.source)
        .where(_incidents.began.between(spans.c.first, spans.c.last), ~recorded)
        .cte("wrong")
    )


def _or_infinity(moment: Any, infinity: str) -> Any:
    return func.coalesce(moment, literal_column(f"'{infinity}'::timestamptz"))


STATEMENTS = {"DERIVE": _derivation()}
