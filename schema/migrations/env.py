"""Alembic's environment, which runs on a given connection and opens none itself."""

from alembic import context
from sqlmodel import SQLModel

import schema.tables  # noqa: F401 - registers the tables in the metadata
from schema.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    version_table=VERSION_TABLE,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
