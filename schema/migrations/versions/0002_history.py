"""History: every beat, hours counted from beats, and incidents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "heartbeat_beats",
        *_key("slot"),
        sa.Column("interval_seconds", sa.Float(), nullable=False),
        sa.Column("stamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(20), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "heartbeat_hours",
        *_key("hour"),
        *(
            sa.Column(count, sa.Integer(), nullable=False)
            for count in ("ok", "failed", "unknown", "before")
        ),
        sa.Column("interval_seconds", sa.Float(), nullable=False),
        sa.Column("latencies", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("pruned", sa.Boolean(), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "heartbeat_incidents",
        *_key("began"),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(20), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        if_not_exists=True,
    )


def _key(moment: str) -> list["sa.Column[object]"]:
    """Return the columns that identify a row: author, source and a moment."""
    return [
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("source", sa.String(50), primary_key=True),
        sa.Column(moment, sa.DateTime(timezone=True), primary_key=True),
    ]


def downgrade() -> None:
    """Drop them."""
    for name in ("heartbeat_incidents", "heartbeat_hours", "heartbeat_beats"):
        op.drop_table(name)
