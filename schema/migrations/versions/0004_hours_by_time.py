"""Hours: the duration of each count, so that a changed interval does not change the past."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; hours counted before have none."""
    op.add_column(
        "heartbeat_hours",
        sa.Column("seconds", postgresql.ARRAY(sa.Float()), nullable=True),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("heartbeat_hours", "seconds")
