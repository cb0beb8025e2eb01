"""Restore dropped columns that may be NULL, and report the others."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection


class ColumnMissingError(Exception):
    """A table lacks a column that cannot be restored; the message names it and the remedy."""


def add_columns(connection: "Connection") -> None:
    """Add missing columns that may be NULL.

    Raises:
        ColumnMissingError: A missing column needs a value in every row.
    """
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as in `upgrade`
    from alembic.operations import Operations  # noqa: PLC0415 - as in `upgrade`
    from sqlalchemy import inspect  # noqa: PLC0415 - as in `upgrade`
    from sqlmodel import SQLModel  # noqa: PLC0415 - as in `upgrade`

    there = inspect(connection)
    operations = Operations(MigrationContext.configure(connection))
    for name, table in SQLModel.metadata.tables.items():
        has = {column["name"] for column in there.get_columns(name)}
        for column in table.columns:
            if column.name in has:
                continue
            if not column.nullable:
                kind = column.type.compile(connection.dialect)
                msg = (
                    f"the table {name} lacks its column {column.name} ({kind}, NOT NULL): add it "
                    "with values, or drop the table, which is then created again without its rows"
                )
                raise ColumnMissingError(msg)
            operations.add_column(name, column._copy())  # noqa: SLF001 - a column has one table
