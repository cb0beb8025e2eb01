"""One connection while it is used: statements go in, rows come out."""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from service.sql.statement import Statement


class Row(asyncpg.Record):  # type: ignore[misc] # asyncpg has no types
    """A row, whose columns are attributes too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Session:
    """A connection of the pool, for as long as a block has it.

    Args:
        connection: asyncpg's.

    Every method raises asyncpg's errors, which the pool turns into ours.
    """

    def __init__(self, connection: Any) -> None:  # Any: asyncpg has no types
        self._connection = connection

    async def rows(self, statement: Statement, **values: object) -> list[Any]:
        """The rows that a statement gives."""
        found: list[Any] = await self._connection.fetch(
            statement.text, *statement.arguments(values)
        )
        return found

    async def row(self, statement: Statement, **values: object) -> Any:
        """The first row that a statement gives, None without one."""
        return next(iter(await self.rows(statement, **values)), None)

    async def change(self, statement: Statement, **values: object) -> int:
        """Execute a statement that changes rows; how many it changed."""
        # The server's own words, such as `UPDATE 3`.
        said: str = await self._connection.execute(statement.text, *statement.arguments(values))
        return int(said.rpartition(" ")[2])

    async def change_each(
        self, statement: Statement, values: Iterable[Mapping[str, object]]
    ) -> None:
        """Execute a statement once for each set of values, all or none of them."""
        await self._connection.executemany(
            statement.text, [statement.arguments(each) for each in values]
        )
