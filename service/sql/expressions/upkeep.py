"""The statements of history's upkeep: hours counted, old rows marked and removed."""

from typing import Any

from sqlalchemy import DateTime, Integer, String, bindparam, delete, or_, select, tuple_, update

from schema.tables import Beat, Hour, Incident, table
from service.sql.expressions.beats import sealed
from service.sql.expressions.spans import HOURS, Condition, hour_end, settled
from service.sql.expressions.tally import in_hour, tallies

_beats, _hours, _incidents = table(Beat).c, table(Hour).c, table(Incident).c
_NAME = bindparam("name", type_=String())
_SOURCE = bindparam("source", type_=String())
_BEFORE = bindparam("before", type_=DateTime(timezone=True))
_MOST = bindparam("most", type_=Integer())  # rows a transaction, so that each is short


def _count_hours() -> Any:  # Any: as in incidents
    """Counts some dirty hours that are over; as idempotent as counting is."""
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
    told = fresh.subquery("fresh").c
    counts = ("ok", "failed", "unknown", "before", "interval_seconds", "latencies", "seconds")
    return (
        update(table(Hour))
        .where(_hours.name == _NAME, _hours.source == told.source, _hours.hour == told.hour)
        .values({each: told[each] for each in counts} | {"dirty": False})
    )


def _seal() -> Any:
    """Marks the hours whose beats may go: counted, over, and before any incident that lasts.

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
    """Says which sources have hours."""
    return select(_hours.source).where(_hours.name == _NAME).distinct()


def _prune_beats() -> Any:
    """Deletes some, the oldest first, so that no incident is ever cut in two."""
    key = (_beats.name, _beats.source, _beats.slot)
    old = (
        select(*key)
        .where(_beats.name == _NAME, _beats.source == _SOURCE, _beats.slot < _BEFORE)
        .where(sealed(_NAME, _SOURCE, _beats.slot))
        .order_by(_beats.slot)
        .limit(_MOST)
    )
    return delete(table(Beat)).where(tuple_(*key).in_(old))


def _prune_rows(model: type[Hour | Incident], old: Condition, key: str) -> Any:
    """Deletes some rows that are old.

    Args:
        model: Whose rows.
        old: Which rows.
        key: What identifies a row beside author and source.
    """
    rows = table(model)
    keys = [rows.c[each] for each in ("name", "source", key)]
    some = select(*keys).where(rows.c.name == _NAME, old).limit(_MOST)
    return delete(rows).where(tuple_(*keys).in_(some))


STATEMENTS = {
    "COUNT_HOURS": _count_hours(),
    "SEAL": _seal(),
    "SOURCES": _sources(),
    "PRUNE_BEATS": _prune_beats(),
    "PRUNE_HOURS": _prune_rows(Hour, _hours.pruned & (_hours.hour < _BEFORE), "hour"),
    "PRUNE_INCIDENTS": _prune_rows(Incident, _incidents.ended < _BEFORE, "began"),
}
