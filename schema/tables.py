"""The tables, as SQLModel classes; migrations are proved equal to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Integer, Table
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class LastUpdate(SQLModel, table=True):
    """The newest stamp of each author; the older app's table, unchanged.

    `metadata` is SQLAlchemy's own attribute name, so the column is mapped to `report`.
    """

    __tablename__ = "last_update"
    # A downgrade drops only a table that carries this: one that was adopted does not.
    __table_args__ = ({"comment": "created by heartbeat"},)

    source: str = Field(primary_key=True, max_length=50)
    timestamp: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    report: dict[str, Any] | None = Field(
        default=None, sa_column=Column("metadata", JSONB(none_as_null=True), nullable=True)
    )


class Beat(SQLModel, table=True):
    """How one source's write of one slot ended; written once, and never changed."""

    __tablename__ = "heartbeat_beats"  # the database may be an app's: our names say whose they are

    name: str = Field(primary_key=True, max_length=50)
    source: str = Field(primary_key=True, max_length=50)
    slot: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    interval_seconds: float
    stamp: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    error: str | None = Field(max_length=20)
    attempts: int
    latency_ms: float


class Hour(SQLModel, table=True):
    """One source's hour, counted from its beats.

    There is a row from an hour's first beat on. While it is `dirty` its counts are not, or not
    yet, those of the beats; once its beats are `pruned`, nothing can change it any more.
    """

    __tablename__ = "heartbeat_hours"

    name: str = Field(primary_key=True, max_length=50)
    source: str = Field(primary_key=True, max_length=50)
    hour: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    ok: int
    failed: int
    unknown: int
    """Slots without a beat after the hour's first beat."""
    before: int
    """Slots without a beat before it: they count only if there were beats in earlier hours."""
    interval_seconds: float
    """That of the hour's last beat: it holds for the gap that may follow."""
    latencies: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    """Of the writes that landed, by the buckets of `schema.history`."""
    dirty: bool
    pruned: bool


class Incident(SQLModel, table=True):
    """A run of beats of one source that failed."""

    __tablename__ = "heartbeat_incidents"

    name: str = Field(primary_key=True, max_length=50)
    source: str = Field(primary_key=True, max_length=50)
    began: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    """The slot of the first beat that failed."""
    ended: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    """The slot of the first beat after them that landed."""
    error: str = Field(max_length=20)
    """The first failure's word."""
    missed: int


def table(model: type[SQLModel]) -> Table:
    """The table of a class, to build statements from."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
