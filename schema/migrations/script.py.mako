"""${message}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: what the release before reads and writes must go on working."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take back what `upgrade` made, and nothing else."""
    ${downgrades if downgrades else "pass"}
