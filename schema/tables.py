"""The tables, as SQLModel classes; a test compares them with the migrations."""

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
    # A downgrade drops only a table with this comment; an adopted one has none.
    __table_args__ = ({"comment": "created by heartbeat"},)

    source: str = Field(primary_key=True, max_length=50)
    timestamp: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    report: dict[str, Any] | None = Field(
        default=None, sa_column=Column("metadata", JSONB(none_as_null=True), nullable=True)
    )


class Beat(SQLModel, table=True):
    """The result of one source's write in one slot; written once, never changed."""

    __tablename__ = (
        "heartbeat_beats"  # the database may be shared with an app: our names have a prefix
    )

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

    The row exists from the hour's first beat on. While it is `dirty`, its counts may differ from
    its beats; once its beats are `pruned`, it does not change any more.
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
    """Slots without a beat before it; they count only if earlier hours have beats."""
    interval_seconds: float
    """The interval of the hour's last beat; it is used for a gap that may follow."""
    latencies: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    """Latencies of successful writes, by the buckets of `schema.history`."""
    dirty: bool
    pruned: bool
    seconds: list[float] | None = Field(default=None, sa_column=Column(ARRAY(Float), nullable=True))
    """The durations of `ok`, `failed`, `unknown` and `before`, in this order.

    None in hours from before this column existed; there it follows from the interval."""


class Day(SQLModel, table=True):
    """A source's day of UTC, summed from its hours once all of them are counted.

    A beat that comes in late deletes it; it is summed again when its hours are counted again.
    """

    __tablename__ = "heartbeat_days"

    name: str = Field(primary_key=True, max_length=50)
    source: str = Field(primary_key=True, max_length=50)
    day: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    ok: int
    failed: int
    unknown: int
    """As in an hour, with the gaps between the day's hours."""
    before: int
    interval_seconds: float
    latencies: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    seconds: list[float] = Field(sa_column=Column(ARRAY(Float), nullable=False))


class Incident(SQLModel, table=True):
    """A sequence of failed beats of one source."""

    __tablename__ = "heartbeat_incidents"

    name: str = Field(primary_key=True, max_length=50)
    source: str = Field(primary_key=True, max_length=50)
    began: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    """The slot of the first beat that failed."""
    ended: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    """The slot of the first successful beat after them."""
    error: str = Field(max_length=20)
    """The error word of the first failure."""
    missed: int


class Lease(SQLModel, table=True):
    """A task that only one process does: its process, or one of its standbys."""

    __tablename__ = "heartbeat_leases"

    name: str = Field(primary_key=True, max_length=50)
    post: str = Field(primary_key=True, max_length=250)
    """The task; with a colon and a process's id behind it, one of its standbys."""
    holder: str = Field(max_length=200)
    """The process, until its lease ends."""
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    token: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The fencing token: it increases whenever another process takes the lease."""


class Alerting(SQLModel, table=True):
    """The process that decides on a deployment's alerts, and its state."""

    __tablename__ = "heartbeat_alerting"

    name: str = Field(primary_key=True, max_length=50)
    holder: str = Field(max_length=50)
    """The process that decides, until its lease ends."""
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Increases with each state, here or in Valkey, to find the newer one."""
    state: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class AlertDelivery(SQLModel, table=True):
    """The outbox: one event for one target, until it is delivered or given up."""

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
    """The order in which events are sent."""
    alert: UUID = Field(sa_column=Column(Uuid, nullable=False))
    said: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """The event, as `schema.alerts.AlertEvent`."""
    created: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    due: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    held_until: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    """Until when the process that claimed it may be sending it."""
    attempts: int
    """The number of claims."""
    delivered: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    dead: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    error: str | None = Field(max_length=20)
    """Why the last attempt failed, as `schema.alerts.DeliveryError`."""


class AlertMute(SQLModel, table=True):
    """A time in which nothing is sent; unmuting moves its end forward."""

    __tablename__ = "heartbeat_alert_mutes"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    name: str = Field(max_length=50)
    sources: list[str] = Field(sa_column=Column(ARRAY(String(50)), nullable=False))
    """Empty for all sources."""
    reason: str = Field(max_length=200)
    began: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


def table(model: type[SQLModel]) -> Table:
    """Return the table of a class, to build statements from."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
