"""The connection pool, with limits of size and time, which drops unusable connections."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import asyncpg

from schema.errors import ErrorWord
from service.sources.postgres.errors import OURS, translate
from service.sources.postgres.session import Row, Session
from service.sources.postgres.settings import Settings
from service.timeouts import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S
from service.tls import context as tls_context

POOL_SIZE = 3  # for the stamp, history and the lease
ACQUIRE_TIMEOUT_S = (
    ANSWER_TIMEOUT_S + CONNECT_TIMEOUT_S
)  # until a connection is free, and then opened
CLOSE_TIMEOUT_S = 0.3  # of one connection; closing one to a silent server would wait for ever
IDLE_S = 0.5  # a connection used more recently is not tested before its use
PING_S = 0.7  # below a reading's deadline, so that another connection can still be opened
STALE_WORDS = frozenset(
    {ErrorWord.READ_ONLY, ErrorWord.TIMEOUT}
)  # after these errors all connections are dropped


class Connection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """A connection of asyncpg that is aborted if closing it takes too long."""

    used: float | None = None
    """When it was last returned to the pool, in monotonic seconds; None before."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's
        """Close it; abort it if the server does not answer."""
        wait_s = CLOSE_TIMEOUT_S if timeout is None else min(timeout, CLOSE_TIMEOUT_S)
        with suppress(TimeoutError):  # asyncpg has aborted it by then
            await super().close(timeout=wait_s)

    async def reset(self, *, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Note the time when it returns to the pool; there is nothing to reset.

        asyncpg's own method sends statements (`UNLISTEN *`, `RESET ALL`, …), which cost a round
        trip each time, and which a pooler in transaction mode sends to any free connection.
        """
        self.used = time.monotonic()
        if self.is_in_transaction():  # cancelled at its end: roll back
            self.terminate()


class _DeadError(Exception):
    """An idle connection does not answer."""


class Pool:
    """Connections to one PostgreSQL, opened on first use.

    Each statement commits by itself, except in a transaction: Heartbeat's writes are single
    statements.

    Args:
        settings: How to reach PostgreSQL.
        answer_timeout_s: How long one statement may take.
    """

    def __init__(self, settings: Settings, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self.settings = settings
        self.answer_timeout_s = answer_timeout_s
        self._pool: asyncpg.Pool | None = None

    @asynccontextmanager
    async def session(self, *, transaction: bool = False) -> AsyncIterator[Session]:
        """Provide a connection, with its errors translated.

        Raises:
            SourceError: Any error, as a word.
        """
        try:
            pool = await self._opened()
            connection = await _acquire(pool)
            try:
                if transaction:
                    async with connection.transaction(isolation="read_committed"):
                        yield Session(connection)
                else:
                    yield Session(connection)
            except OURS as error:
                # A server that turned read-only (25006) is a demoted primary; one that is silent
                # may be gone without a word, and its connection would time out for a quarter of an
                # hour: the next attempt asks where the primary is now.
                if translate(error).word in STALE_WORDS:
                    await pool.expire_connections()
                if isinstance(error, asyncpg.InternalClientError):  # its state is unknown
                    connection.terminate()
                raise
            finally:
                # After a cancellation, wait for the server to stop; then abort the connection.
                with anyio.CancelScope(shield=True), suppress(*OURS):
                    await pool.release(connection, timeout=CLOSE_TIMEOUT_S)
        except OURS as error:
            raise translate(error) from error

    async def close(self) -> None:
        """Close the connections; abort those to a silent server."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with anyio.move_on_after(2 * CLOSE_TIMEOUT_S):  # asyncpg has aborted them by then
                await pool.close()

    async def _opened(self) -> asyncpg.Pool:
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                min_size=0,
                max_size=POOL_SIZE,
                max_inactive_connection_lifetime=0.0,
                setup=_try,
                **arguments(self.settings, self.answer_timeout_s),
            )
        return self._pool


def arguments(settings: Settings, answer_timeout_s: float) -> dict[str, Any]:
    """Return asyncpg's arguments for a connection."""
    return {
        "host": settings.host,
        "port": settings.port,
        "user": settings.user,
        "password": settings.password.get_secret_value(),
        "database": settings.database,
        "ssl": tls_context(settings.tls, settings.ca) or False,
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": answer_timeout_s,
        # A pool in transaction mode (PgBouncer) gives each transaction another connection of the
        # server's, where earlier statements are unknown. Without a cache, asyncpg sends a
        # statement and its execution in one piece.
        "statement_cache_size": 0,
        "connection_class": Connection,
        "record_class": Row,
        "server_settings": {"application_name": "heartbeat"},
    }


async def _acquire(pool: asyncpg.Pool) -> Any:  # Any: asyncpg has no types
    try:
        return await pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
    except _DeadError:  # other idle connections are as dead
        await pool.expire_connections()
        return await pool.acquire(timeout=ACQUIRE_TIMEOUT_S)


async def _try(connection: Any) -> None:
    """Test an idle connection.

    A restarted server has closed it; a network that lost its state sends nothing at all.
    """
    if connection.used is None or time.monotonic() - connection.used < IDLE_S:
        return
    try:
        await connection.execute("SELECT", timeout=PING_S)  # without rows: one round trip
    except OURS as error:
        raise _DeadError from error
