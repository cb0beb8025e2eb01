"""The table of stamps in MySQL, and the statements on it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects.mysql import DATETIME, insert
from sqlalchemy.sql.expression import ColumnElement

from schema.freshness import CLOCK_TOLERANCE_S

TABLE = Table(
    "last_update",
    MetaData(),
    # Names are compared byte by byte: the default collations take `Worker` for `worker`.
    Column("source", String(50, collation="ascii_bin"), primary_key=True),
    Column("timestamp", DATETIME(fsp=6), nullable=False),
    Column("metadata", JSON(none_as_null=True)),
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
    comment="created by heartbeat",
)


def _write() -> Any:  # Any: SQLAlchemy's builder types end at a dialect's clause
    """Insert the row, replace an older stamp, or replace a stamp from the future."""
    rows = TABLE.c
    new = insert(TABLE).values(
        source=bindparam("source"),
        timestamp=bindparam("timestamp"),
        metadata=type_coerce(bindparam("report"), Text),
    )
    latest = func.timestampadd(
        text("SECOND"), timedelta(seconds=CLOCK_TOLERANCE_S).seconds, func.utc_timestamp(text("6"))
    )
    forward = or_(rows.timestamp < new.inserted.timestamp, rows.timestamp > latest)
    # In this order: MySQL assigns one after the other, and the condition uses the old timestamp.
    return new.on_duplicate_key_update(
        [
            ("metadata", case((forward, new.inserted.metadata), else_=rows.metadata)),
            ("timestamp", case((forward, new.inserted.timestamp), else_=rows.timestamp)),
        ]
    )


def _our_now() -> ColumnElement[Any]:
    return bindparam("our_now", type_=DATETIME(fsp=6))


WRITE = _write()
SKEW_US: Any = select(
    func.timestampdiff(literal_column("MICROSECOND"), _our_now(), func.utc_timestamp(text("6")))
)
READ: Any = select(TABLE.c.timestamp, type_coerce(TABLE.c.metadata, Text).label("report")).where(
    TABLE.c.source == bindparam("name")
)
# A write that changes nothing: a read-only server refuses it before it searches rows.
PROBE: Any = update(TABLE).values(timestamp=TABLE.c.timestamp).where(false())
