"""The connection pool; each connection has the configured TLS mode or fails."""

import ssl
from contextlib import suppress
from typing import Any

import aiomysql
import anyio
from pymysql.constants import CLIENT
from sqlalchemy import URL, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from schema.errors import ErrorWord
from service.sources.mysql.errors import NO_TLS, translate
from service.sources.mysql.settings import Settings
from service.timeouts import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S
from service.tls import context as tls_context

POOL_SIZE = 2  # the worker's stamp and the API's readings never need more
CLOSE_TIMEOUT_S = 0.3  # of one connection; TLS would wait for a silent server's close_notify
# Times without a zone are UTC in every session, whatever the server's own zone is.
SESSION = "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 4"


class Connection(aiomysql.Connection):  # type: ignore[misc] # aiomysql has no types
    """A connection of aiomysql that never falls back to plain text."""

    async def _request_authentication(self) -> None:
        """Log in; fail if TLS is required and the server has none: aiomysql would go on.

        Raises:
            ssl.SSLError: The server does not offer TLS.
        """
        if self._ssl_context and not self.server_capabilities & CLIENT.SSL:
            raise ssl.SSLError(NO_TLS)
        await super()._request_authentication()

    async def ensure_closed(self) -> None:
        """Close the session and the socket; abort the connection to a silent server."""
        writer = self._writer
        await super().ensure_closed()
        if writer is None:
            return
        with anyio.move_on_after(CLOSE_TIMEOUT_S), suppress(OSError):
            await writer.wait_closed()
        writer.transport.abort()


async def connect(**arguments: Any) -> Connection:  # Any: aiomysql's own arguments
    """Open one connection.

    Raises:
        pymysql.err.Error: The server refused, or cannot be reached.
    """
    connection = Connection(**arguments)
    await connection._connect()  # noqa: SLF001 - aiomysql.connect does the same with its own class
    return connection


def engine(settings: Settings) -> AsyncEngine:
    """Create an engine that commits each statement: Heartbeat's writes are single statements."""
    # aiomysql encodes passwords as Latin-1; MySQL's own clients send the bytes of UTF-8.
    password = settings.password.get_secret_value().encode().decode("latin-1")
    made = create_async_engine(
        URL.create(
            "mysql+aiomysql",
            username=settings.user,
            password=password,
            host=settings.host,
            port=settings.port,
            database=settings.database,
            query={"charset": "utf8mb4"},
        ),
        isolation_level="AUTOCOMMIT",
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=ANSWER_TIMEOUT_S,
        skip_autocommit_rollback=True,  # a round trip for nothing
        pool_reset_on_return=None,  # no transaction is left open, and a rollback could hang
        hide_parameters=True,
        connect_args={
            "async_creator_fn": connect,
            "ssl": tls_context(settings.tls, settings.ca),
            "connect_timeout": CONNECT_TIMEOUT_S,
            "init_command": SESSION,
            "program_name": "heartbeat",
        },
    )
    event.listen(made.sync_engine, "handle_error", _drop_read_only)
    return made


def _drop_read_only(context: ExceptionContext) -> None:
    """Drop all connections to a demoted primary, so that the next one finds the new primary."""
    error = context.sqlalchemy_exception or context.original_exception
    if translate(error).word is ErrorWord.READ_ONLY:
        context.is_disconnect = True
