"""One connection in use: executes statements and returns rows."""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from service.sql.statement import Statement


class Row(asyncpg.Record):  # type: ignore[misc] # asyncpg has no types
    """A row; its columns are attributes too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Session:
    """A connection of the pool, during one block.

    Every method raises asyncpg's errors, which the pool translates.
    """

    def __init__(self, connection: Any) -> None:  # Any: asyncpg has no types
        self._connection = connection

    async def rows(self, statement: Statement, **values: object) -> list[Any]:
        """Execute a statement and return its rows."""
        found: list[Any] = await self._connection.fetch(
            statement.text, *statement.arguments(values)
        )
        return found

    async def row(self, statement: Statement, **values: object) -> Any:
        """Execute a statement and return its first row, None without one."""
        return next(iter(await self.rows(statement, **values)), None)

    async def change(self, statement: Statement, **values: object) -> int:
        """Execute a statement that changes rows; return how many it changed."""
        # The server's command tag, such as `UPDATE 3`.
        tag: str = await self._connection.execute(statement.text, *statement.arguments(values))
        return int(tag.rpartition(" ")[2])

    async def change_each(
        self, statement: Statement, values: Iterable[Mapping[str, object]]
    ) -> None:
        """Execute a statement once for each set of values, all or none."""
        await self._connection.executemany(
            statement.text, [statement.arguments(each) for each in values]
        )
