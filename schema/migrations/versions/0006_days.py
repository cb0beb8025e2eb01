"""History: days, summed from hours, so that a year is read from days."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the worker fills it."""
    op.create_table(
        "heartbeat_days",
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("source", sa.String(50), primary_key=True),
        sa.Column("day", sa.DateTime(timezone=True), primary_key=True),
        *(
            sa.Column(count, sa.Integer(), nullable=False)
            for count in ("ok", "failed", "unknown", "before")
        ),
        sa.Column("interval_seconds", sa.Float(), nullable=False),
        sa.Column("latencies", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("seconds", postgresql.ARRAY(sa.Float()), nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("heartbeat_days")
