"""The migration of one database: one at a time, which no deadline of a write ends."""

import asyncio

import anyio

from schema.errors import ErrorWord
from service.errors import SourceError
from service.sources.postgres.child import upgrade
from service.sources.postgres.settings import Settings

DEADLINE_S = 60.0  # the lock waits at most 30 s


class Migration:
    """Brings a database to this version's schema, for as many as ask for it.

    Args:
        settings: Where PostgreSQL is.
        answer_timeout_s: How long one statement may take.
    """

    def __init__(self, settings: Settings, answer_timeout_s: float) -> None:
        self._settings = settings
        self._answer_timeout_s = answer_timeout_s
        self._running: asyncio.Task[str] | None = None

    async def run(self) -> str:
        """Wait for the migration; it goes on for the next who asks if the waiting is cancelled.

        A write's deadline may be less than the process takes to start.

        Returns:
            The revision that the database now has.

        Raises:
            SourceError: It is not at the head.
        """
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._migrate())
            self._running.add_done_callback(_look)
        return await asyncio.shield(self._running)

    async def close(self) -> None:
        """End it; the server takes back what it did."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _migrate(self) -> str:
        try:
            with anyio.fail_after(DEADLINE_S):
                return await upgrade(self._settings, self._answer_timeout_s)
        except TimeoutError as error:
            raise SourceError(ErrorWord.TIMEOUT, "the migration did not end") from error


def _look(task: "asyncio.Task[str]") -> None:
    """Look at what became of it, even where nobody waits any more: asyncio would complain."""
    if not task.cancelled():
        task.exception()
