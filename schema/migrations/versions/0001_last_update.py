"""The table of stamps: created, or adopted from the older app with its rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from schema.migrations.adoption import try_stamp

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OURS = "created by heartbeat"  # the table's comment: a downgrade drops only what we created
ADOPTABLE = {"source": ("VARCHAR", "TEXT"), "timestamp": ("TIMESTAMP WITH TIME ZONE",)}


def upgrade() -> None:
    """Create `last_update`, or adopt the one that the older app created."""
    connection = op.get_bind()
    if sa.inspect(connection).has_table("last_update"):
        adopt(connection)
        return
    op.create_table(
        "last_update",
        sa.Column("source", sa.String(50), primary_key=True),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        comment=OURS,
    )


def adopt(connection: sa.Connection) -> None:
    """Keep an existing table and its rows; refuse any other table of that name.

    Raises:
        RuntimeError: The table is not the one that Heartbeat and the older app know, or refuses a
            stamp.
    """
    columns = {c["name"]: c["type"] for c in sa.inspect(connection).get_columns("last_update")}
    for name, kinds in ADOPTABLE.items():
        found = columns.get(name)
        compiled = found.compile(connection.dialect) if found is not None else "no such column"
        if not compiled.startswith(kinds):
            msg = (
                f"a table last_update exists, but its column {name} is {compiled}, not {kinds[0]}: "
                "rename that table, or give Heartbeat a database of its own (PGDATABASE)"
            )
            raise RuntimeError(msg)
    if "metadata" not in columns:
        op.add_column("last_update", sa.Column("metadata", postgresql.JSONB(), nullable=True))
    try_stamp(connection)


def downgrade() -> None:
    """Drop `last_update` only if it was created here; an adopted one stays."""
    connection = op.get_bind()
    if sa.inspect(connection).get_table_comment("last_update")["text"] == OURS:
        op.drop_table("last_update")
