"""The statements on `last_update`."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Text, bindparam, case, cast, exists, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from schema.freshness import CLOCK_TOLERANCE_S
from schema.heartbeat import REPORT_MAX
from schema.tables import LastUpdate
from schema.timestamps import EARLIEST, LATEST

UNREADABLE = "null"  # read instead of a document that is too long: no report


def _write() -> Any:  # Any: SQLAlchemy's builder types end where a CTE writes
    """Refuse if clocks differ, else insert or replace an older stamp; return the result."""
    rows: Any = LastUpdate.__table__  # type: ignore[attr-defined] # SQLModel adds it
    tolerance = timedelta(seconds=CLOCK_TOLERANCE_S)
    their_now = func.clock_timestamp()
    our_now = bindparam("our_now", type_=rows.c.timestamp.type)
    values = [bindparam(c.name, type_=c.type) for c in rows.c]
    agreed = their_now.between(our_now - tolerance, our_now + tolerance)
    new = insert(rows).from_select([c.name for c in rows.c], select(*values).where(agreed))
    forward = new.on_conflict_do_update(
        index_elements=[rows.c.source],
        set_={"timestamp": new.excluded.timestamp, "metadata": new.excluded.metadata},
        where=or_(
            rows.c.timestamp < new.excluded.timestamp, rows.c.timestamp > their_now + tolerance
        ),
    )
    written = forward.returning(rows.c.source).cte("written")
    skew_s = func.extract("epoch", their_now - our_now)
    return select(exists(select(written.c.source)), skew_s)


def _read() -> Any:
    rows: Any = LastUpdate.__table__  # type: ignore[attr-defined] # as in _write
    # The stored data may be anything: neither infinity nor megabytes may be transferred.
    possible = rows.c.timestamp.between(EARLIEST, LATEST)
    document = cast(rows.c.metadata, Text)
    return select(
        case((possible, rows.c.timestamp)).label("timestamp"),
        case((func.length(document) > REPORT_MAX, UNREADABLE), else_=document).label("report"),
    ).where(rows.c.source == bindparam("name"))


def _probe() -> Any:
    """Probe with a write that changes nothing: 25006 if read-only, and no dead tuple."""
    rows: Any = LastUpdate.__table__  # type: ignore[attr-defined] # as in _write
    return update(rows).values(timestamp=rows.c.timestamp).where(false())


STATEMENTS = {"WRITE": _write(), "READ": _read(), "PROBE": _probe()}
