"""The migration of one database: one at a time, not limited by a write's deadline."""

import asyncio

import anyio
import structlog

from schema.errors import ErrorWord
from service.errors import SourceError
from service.sources.postgres.child import upgrade
from service.sources.postgres.settings import Settings

DEADLINE_S = 60.0  # the lock waits at most 30 s

log = structlog.get_logger()


class Migration:
    """Migrates a database to this version's schema, once for all concurrent callers.

    Args:
        settings: How to reach PostgreSQL.
        answer_timeout_s: How long one statement may take.
    """

    def __init__(self, settings: Settings, answer_timeout_s: float) -> None:
        self._settings = settings
        self._answer_timeout_s = answer_timeout_s
        self._running: asyncio.Task[str] | None = None

    async def run(self) -> str:
        """Wait for the migration; it continues for the next caller if this one is cancelled.

        A write's deadline may be shorter than the process takes to start.

        Returns:
            The revision that the database now has.

        Raises:
            SourceError: It is not at the head.
        """
        return await asyncio.shield(self._started())

    def start(self) -> None:
        """Start the migration in the background, unless it runs; a failure is logged."""
        self._started().add_done_callback(_log_failure)

    def _started(self) -> "asyncio.Task[str]":
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._migrate())
            self._running.add_done_callback(_look)
        return self._running

    async def close(self) -> None:
        """End it; the server rolls back its transaction."""
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
    """Retrieve the result even if nobody waits any more, or asyncio would log a warning."""
    if not task.cancelled():
        task.exception()


def _log_failure(task: "asyncio.Task[str]") -> None:
    error = None if task.cancelled() else task.exception()
    if isinstance(error, SourceError):
        log.warning("schema_incomplete", error=error.word, detail=error.detail)
    elif error is not None:
        log.error("schema_incomplete", exc_info=error)
