"""A standby or read-only node of PostgreSQL, read to measure its lag."""

from datetime import datetime
from typing import TYPE_CHECKING

from service.source import Replica
from service.sql.stamps import READ

if TYPE_CHECKING:
    from service.sources.postgres.store import Postgres


class ReplicaReader(Replica):
    """Reads the row that was written to the primary.

    Args:
        store: The replica, with its own connections.
    """

    def __init__(self, store: "Postgres") -> None:
        self._store = store

    async def newest(self) -> datetime | None:
        """Return the newest stamp, None if there is none.

        Raises:
            SourceError: It cannot be read.
        """
        async with self._store.connection() as connection:
            row = await connection.row(READ, name=self._store.name)
        stamp: datetime | None = row.timestamp if row else None
        return stamp

    async def close(self) -> None:
        """Close the connections."""
        await self._store.close()
