"""A lease in PostgreSQL: a row, timed by the server's clock."""

from service.lease.standing import Answer
from service.lease.task import LeaseTask
from service.source import Database, Row
from service.sql import leases as sql


class DatabaseLease:
    """The rows of one task.

    Args:
        database: The database.
        task: The task, and this process.

    Every method raises SourceError if PostgreSQL cannot be read or written.
    """

    def __init__(self, database: Database, task: LeaseTask) -> None:
        self._database = database
        self._task = task
        self._row = {"of": task.name, "what": task.what}
        self._ours = {**self._row, "who": task.holder}

    async def claim(self, known: int) -> Answer:
        """Take or renew the lease, unless another holds it.

        Args:
            known: The newest known token; a new one is greater.
        """
        lease_s = self._task.terms.lease_s
        async with self._database.connection() as connection:
            row = await connection.row(sql.CLAIM, **self._ours, lease_s=lease_s, known=known)
        if row.taken is None:
            return self._answer(row)
        return Answer(
            leads=True,
            token=row.taken,
            holder=self._task.holder,
            left_s=lease_s,
            standbys=self._others(row),
        )

    async def look(self) -> Answer:
        """Return who holds it, without a change."""
        async with self._database.connection() as connection:
            return self._answer(await connection.row(sql.LOOK, **self._row))

    async def stand_by(self) -> None:
        """Register as a standby."""
        lease_s = self._task.terms.lease_s
        async with self._database.connection() as connection:
            await connection.change(sql.STAND_BY, **self._ours, lease_s=lease_s)

    async def leave(self) -> None:
        """Stop standing by, and remove standbys that have vanished."""
        async with self._database.connection() as connection:
            await connection.change(sql.LEAVE, **self._ours)
            await connection.change(sql.FORGET, **self._row)

    async def release(self) -> None:
        """Release the lease, so that another process can take it immediately."""
        async with self._database.connection() as connection:
            await connection.change(sql.RELEASE, **self._ours)

    def _answer(self, row: Row) -> Answer:
        return Answer(
            leads=row.holder == self._task.holder,
            token=row.token or 0,
            holder=row.holder,
            left_s=float(row.left_s or 0.0),
            standbys=self._others(row),
        )

    def _others(self, row: Row) -> tuple[str, ...]:
        return tuple(each for each in row.standbys or () if each != self._task.holder)
