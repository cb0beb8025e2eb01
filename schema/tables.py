"""The tables, as SQLModel classes; migrations are proved equal to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    Identity,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    text,
)
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
    seconds: list[float] | None = Field(default=None, sa_column=Column(ARRAY(Float), nullable=True))
    """How long `ok`, `failed`, `unknown` and `before` lasted, in this order.

    None in hours that were counted before this was kept: there it follows from the interval."""


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


class Alerting(SQLModel, table=True):
    """Who decides on a deployment's alerts, and what is remembered of them."""

    __tablename__ = "heartbeat_alerting"

    name: str = Field(primary_key=True, max_length=50)
    holder: str = Field(max_length=50)
    """The process that decides, until its lease ends."""
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Grows with each state, here or in Valkey, so that the newer can be told."""
    state: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class AlertDelivery(SQLModel, table=True):
    """The outbox: one event for one target, until that has it or never will."""

    __tablename__ = "heartbeat_alert_outbox"
    __table_args__ = (
        Index(
            "heartbeat_alert_outbox_waiting",
            "name",
            "target",
            "position",
            postgresql_where=text("delivered IS NULL AND dead IS NULL"),
        ),
    )

    event: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    target: str = Field(primary_key=True, max_length=16)
    name: str = Field(max_length=50)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), nullable=False)
    )
    """What came first, goes first."""
    alert: UUID = Field(sa_column=Column(Uuid, nullable=False))
    said: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """The event, as `schema.alerts.AlertEvent`."""
    created: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    due: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    held_until: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    """Until when whoever claimed it may be sending it."""
    attempts: int
    """How often it was claimed."""
    delivered: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    dead: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    error: str | None = Field(max_length=20)
    """Why the last attempt failed, as `schema.alerts.DeliveryError`."""


class AlertMute(SQLModel, table=True):
    """A time in which nothing is told; unmuting brings its end forward."""

    __tablename__ = "heartbeat_alert_mutes"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    name: str = Field(max_length=50)
    sources: list[str] = Field(sa_column=Column(ARRAY(String(50)), nullable=False))
    """Empty for all."""
    reason: str = Field(max_length=200)
    began: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


def table(model: type[SQLModel]) -> Table:
    """The table of a class, to build statements from."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
