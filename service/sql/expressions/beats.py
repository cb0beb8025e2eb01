"""The statements that add beats."""

from typing import Any

from sqlalchemy import (
    CTE,
    Float,
    Integer,
    String,
    bindparam,
    cast,
    column,
    delete,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from schema.history import LATENCY_BUCKETS
from schema.tables import Beat, Day, Hour, Incident, table
from service.sql.expressions.spans import Condition

HISTORY_LOCK = 0x62656174  # "beat"
LOCK_HELD_AT_MOST = "15s"  # limit for a worker that hangs or vanishes inside a transaction
RECORD_FIELDS = ("source", "slot", "interval_seconds", "stamp", "error", "attempts", "latency_ms")

_beats, _hours, _incidents = table(Beat).c, table(Hour).c, table(Incident).c
_days = table(Day).c
_NAME = bindparam("name", type_=String())


def sealed(name: Any, source: Any, slot: Any) -> Condition:  # Any: columns or values
    """Tell whether the beats of a slot's hour are removed, or about to be.

    A scalar subquery, which PostgreSQL looks up by its key; it turns an EXISTS into a join, and a
    bad one before statistics show how many hours are sealed.
    """
    hour = func.date_trunc("hour", slot, "UTC")
    row = (_hours.name == name, _hours.source == source, _hours.hour == hour)
    return func.coalesce(select(_hours.pruned).where(*row).scalar_subquery(), false())


def _lock() -> Any:  # Any: as in incidents
    setting = func.set_config("idle_in_transaction_session_timeout", LOCK_HELD_AT_MOST, true())
    lock = func.pg_advisory_xact_lock(HISTORY_LOCK, func.hashtext(_NAME))
    return select(func.clock_timestamp(), setting, lock)


def _add() -> Any:
    """Insert new beats, open their hours, and return where incidents may have changed.

    These are the first and last new slots of each source with a failed new beat, or with a
    successful one inside an incident. While all is healthy there are none. The sums of the days are
    deleted.
    """
    new = _insert_beats()
    hour = func.date_trunc("hour", new.c.slot, "UTC")
    opened = select(
        _NAME,
        new.c.source,
        hour,
        *(literal(0, Integer) for _ in range(4)),
        func.max(new.c.interval_seconds),
        cast([0] * LATENCY_BUCKETS, ARRAY(Integer)),
        true(),
        false(),
        cast(null(), ARRAY(Float)),
    ).group_by(new.c.source, hour)
    names = [each.name for each in _hours]
    dirty = (
        insert(table(Hour))
        .from_select(names, opened)
        .on_conflict_do_update(
            index_elements=["name", "source", "hour"],
            set_={"dirty": True},
            where=~_hours.dirty & ~_hours.pruned,
        )
        .cte("opened")
    )
    undone = (
        delete(table(Day))
        .where(_days.name == _NAME, _days.source == new.c.source)
        .where(_days.day == func.date_trunc("day", new.c.slot, "UTC"))
        .cte("undone")
    )
    first, last = func.min(new.c.slot), func.max(new.c.slot)
    inside = exists().where(
        _incidents.name == _NAME,
        _incidents.source == new.c.source,
        _incidents.began <= last,
        func.coalesce(_incidents.ended, last) >= first,
    )
    return (
        select(new.c.source, first, last)
        .group_by(new.c.source)
        .having(or_(func.count(new.c.error) > 0, inside))
        .add_cte(dirty, undone)
    )


def _insert_beats() -> CTE:
    arrays = (bindparam(each, type_=ARRAY(_beats[each].type)) for each in RECORD_FIELDS)
    given = (
        func.unnest(*arrays)
        .table_valued(*(column(each, _beats[each].type) for each in RECORD_FIELDS))
        .render_derived(name="given")
    )
    rows = select(_NAME, *(given.c[each] for each in RECORD_FIELDS))
    return (
        insert(table(Beat))
        .from_select(
            ["name", *RECORD_FIELDS], rows.where(~sealed(_NAME, given.c.source, given.c.slot))
        )
        .on_conflict_do_nothing()
        .returning(_beats.source, _beats.slot, _beats.interval_seconds, _beats.error)
        .cte("new")
    )


STATEMENTS = {"LOCK": _lock(), "ADD": _add()}
