"""The pool of connections: bounded in size and in time, and rid of those that are no use."""

import time
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import URL, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from schema.errors import ErrorWord
from service.sources.postgres.errors import translate
from service.sources.postgres.settings import Settings
from service.timeouts import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S
from service.tls import context as tls_context

POOL_SIZE = 3  # the stamp, and history and the lease beside it
CLOSE_TIMEOUT_S = 0.3  # of one connection; to a silent server it would wait for ever
IDLE_S = 0.5  # a connection used less long ago is not tried before its use
PING_S = 0.7  # below a reading's deadline, so that another connection can still be opened
USED = "heartbeat_used"
STALE_WORDS = frozenset({ErrorWord.READ_ONLY, ErrorWord.TIMEOUT})  # of connections to drop


class Connection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """asyncpg's connection, which is cut where closing it takes too long."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's
        """Close it, at once if the server does not answer."""
        wait_s = CLOSE_TIMEOUT_S if timeout is None else min(timeout, CLOSE_TIMEOUT_S)
        with suppress(TimeoutError):  # asyncpg has cut it by then
            await super().close(timeout=wait_s)


def engine(settings: Settings, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> AsyncEngine:
    """An engine that commits each statement: Heartbeat's writes are single statements.

    Args:
        settings: Where PostgreSQL is.
        answer_timeout_s: How long one statement may take.
    """
    url = URL.create(
        "postgresql+asyncpg",
        username=settings.user,
        password=settings.password.get_secret_value(),
        host=settings.host,
        port=settings.port,
        database=settings.database,
    )
    made = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=ANSWER_TIMEOUT_S,
        pool_reset_on_return=None,  # nothing is ever left open, and a silent server could hang it
        hide_parameters=True,
        connect_args={
            # A pool in transaction mode (PgBouncer) gives each transaction another connection of
            # the server's, where a statement of before is unknown. Without a cache, asyncpg sends a
            # statement and its execution in one piece.
            "statement_cache_size": 0,
            "connection_class": Connection,
            "ssl": tls_context(settings.tls, settings.ca) or False,
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": answer_timeout_s,
            "server_settings": {"application_name": "heartbeat"},
        },
    )
    event.listen(made.sync_engine, "handle_error", _drop_stale)
    event.listen(made.sync_engine, "checkout", _try)
    event.listen(made.sync_engine, "checkin", _note_use)
    return made


def _try(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
    """Ask a connection that lay idle for an answer: the pool opens another if none comes.

    A server that restarted has closed it; a network that forgot it says nothing at all.
    """
    used = record.info.get(USED)
    if used is None or time.monotonic() - used < IDLE_S:
        return
    try:
        connection.run_async(_ping)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        msg = f"dead: {type(error).__name__}"
        raise DisconnectionError(msg) from error


async def _ping(connection: asyncpg.Connection) -> None:
    await connection.fetchrow(";", timeout=PING_S)


def _note_use(_: object, record: ConnectionPoolEntry) -> None:
    record.info[USED] = time.monotonic()


def _drop_stale(context: ExceptionContext) -> None:
    """Let the pool drop its connections, so that the next attempt asks where the primary is now.

    A server that turned read-only (25006) is a demoted primary; one that is silent may be gone
    without a word, and its connection would time out for a quarter of an hour.
    """
    error = context.sqlalchemy_exception or context.original_exception
    if translate(error).word in STALE_WORDS:
        context.is_disconnect = True
