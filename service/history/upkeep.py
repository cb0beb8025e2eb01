"""The statements of history's upkeep: hours counted, old rows marked and removed."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, tuple_, update

from schema.tables import Beat, Hour, Incident, table
from service.history.beats import sealed
from service.history.spans import HOURS, Condition, as_moment, hour_end, settled
from service.history.tally import in_hour, tallies

AT_ONCE = 1000  # rows a transaction, so that each is short
COUNTED_AT_ONCE = 200  # hours a transaction

_beats, _hours, _incidents = table(Beat).c, table(Hour).c, table(Incident).c


def count_hours(name: str, now: datetime) -> Any:  # Any: as the statements of sources.postgres
    """Counts some dirty hours that are over; as idempotent as counting is."""
    over = hour_end(_hours.hour) <= settled(_hours.interval_seconds, as_moment(now))
    some = (
        select(_hours.source, _hours.hour)
        .where(_hours.name == name, _hours.dirty, over)
        .order_by(_hours.hour)
        .limit(COUNTED_AT_ONCE)
        .cte("some")
    )
    fresh = tallies(HOURS, [_beats.name == name, *in_hour(some.c.source, some.c.hour)], None)
    told = fresh.subquery("fresh").c
    counts = ("ok", "failed", "unknown", "before", "interval_seconds", "latencies", "seconds")
    return (
        update(table(Hour))
        .where(_hours.name == name, _hours.source == told.source, _hours.hour == told.hour)
        .values({each: told[each] for each in counts} | {"dirty": False})
    )


def seal(name: str, before: datetime) -> Any:
    """Marks the hours whose beats may go: counted, over, and before any incident that lasts."""
    moment = as_moment(before.replace(minute=0, second=0, microsecond=0))
    lasting = select(_incidents.began).where(
        _incidents.name == name,
        _incidents.source == _hours.source,
        _incidents.began < hour_end(_hours.hour),
        or_(_incidents.ended.is_(None), _incidents.ended >= moment),
    )
    key = (_hours.name, _hours.source, _hours.hour)
    old = (
        select(*key)
        .where(_hours.name == name, ~_hours.dirty, ~_hours.pruned)
        .where(hour_end(_hours.hour) <= moment, ~lasting.exists())
        .limit(AT_ONCE)
    )
    return update(table(Hour)).where(tuple_(*key).in_(old)).values(pruned=True)


def sources(name: str) -> Any:
    """Says which sources have hours."""
    return select(_hours.source).where(_hours.name == name).distinct()


def prune_beats(name: str, source: str, before: datetime) -> Any:
    """Deletes some, the oldest first, so that no incident is ever cut in two."""
    key = (_beats.name, _beats.source, _beats.slot)
    old = (
        select(*key)
        .where(_beats.name == name, _beats.source == source, _beats.slot < before)
        .where(sealed(name, source, _beats.slot))
        .order_by(_beats.slot)
        .limit(AT_ONCE)
    )
    return delete(table(Beat)).where(tuple_(*key).in_(old))


def prune_rows(model: type[Hour | Incident], name: str, old: Condition, key: str) -> Any:
    """Deletes some rows that are old.

    Args:
        model: Whose rows.
        name: The author.
        old: Which rows.
        key: What identifies a row beside author and source.
    """
    rows = table(model)
    keys = [rows.c[each] for each in ("name", "source", key)]
    some = select(*keys).where(rows.c.name == name, old).limit(AT_ONCE)
    return delete(rows).where(tuple_(*keys).in_(some))
