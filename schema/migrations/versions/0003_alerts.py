"""Alerts: the decider's lease and state, the outbox, and mutes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WAITING = "delivered IS NULL AND dead IS NULL"


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "heartbeat_alerting",
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("holder", sa.String(50), nullable=False),
        _moment("until"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", postgresql.JSONB(), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "heartbeat_alert_outbox",
        sa.Column("event", sa.Uuid(), primary_key=True),
        sa.Column("target", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("alert", sa.Uuid(), nullable=False),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        _moment("created"),
        _moment("due"),
        _moment("held_until", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("delivered", nullable=True),
        _moment("dead", nullable=True),
        sa.Column("error", sa.String(20), nullable=True),
        if_not_exists=True,
    )
    op.create_index(
        "heartbeat_alert_outbox_waiting",
        "heartbeat_alert_outbox",
        ["name", "target", "position"],
        postgresql_where=sa.text(WAITING),
        if_not_exists=True,
    )
    op.create_table(
        "heartbeat_alert_mutes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.String(50)), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        _moment("began"),
        _moment("until"),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("heartbeat_alert_mutes", "heartbeat_alert_outbox", "heartbeat_alerting"):
        op.drop_table(name)


def _moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
