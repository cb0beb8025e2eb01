"""The tables, as SQLModel classes; migrations are proved equal to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
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
