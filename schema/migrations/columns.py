"""Restore dropped columns that may be NULL, and name the others."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection


def add_columns(connection: "Connection") -> list[str]:
    """Add missing columns that may be NULL.

    Returns:
        The missing columns that need a value in every row, with their types.
    """
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as in `upgrade`
    from alembic.operations import Operations  # noqa: PLC0415 - as in `upgrade`
    from sqlalchemy import inspect  # noqa: PLC0415 - as in `upgrade`
    from sqlmodel import SQLModel  # noqa: PLC0415 - as in `upgrade`

    there = inspect(connection)
    operations = Operations(MigrationContext.configure(connection))
    lacking = []
    for name, table in SQLModel.metadata.tables.items():
        has = {column["name"] for column in there.get_columns(name)}
        for column in table.columns:
            if column.name in has:
                continue
            if column.nullable:
                operations.add_column(name, column._copy())  # noqa: SLF001 - a column has one table
            else:
                kind = column.type.compile(connection.dialect)
                lacking.append(f"{name}.{column.name} ({kind}, NOT NULL)")
    return lacking
