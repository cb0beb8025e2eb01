"""A TCP proxy that can disturb connections, for PostgreSQL and Valkey on this machine."""

import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum

import anyio
from anyio import (
    TASK_STATUS_IGNORED,
    BrokenResourceError,
    CancelScope,
    ClosedResourceError,
    EndOfStream,
    Event,
    IncompleteRead,
)
from anyio.abc import ByteStream, SocketStream, TaskStatus
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSStream

from local.server import free_port

# https://www.postgresql.org/docs/current/protocol-message-formats.html
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSS_REQUEST = struct.pack("!ii", 8, 80877104)

HOST = "127.0.0.1"
DEFAULT_LATENCY_S = 1.0
CLOSED = (BrokenResourceError, ClosedResourceError, EndOfStream, IncompleteRead, OSError)


class Mode(StrEnum):
    """The treatment of connections."""

    PASS = "pass"  # noqa: S105  no password
    REFUSE = "refuse"  # nothing listens, and open connections are closed
    HANG = "hang"  # connections are accepted, but no data passes until the mode changes
    SLOW = "slow"  # every chunk is delayed
    CUT = "cut"  # open connections are closed, and new ones as soon as they are accepted


class Proxy:
    """Forwards one port to another, both on 127.0.0.1, according to its mode.

    Create it in the event loop that serves it.

    Args:
        target_port: The server's port.
        port: The proxy's port; None for a free one.
        tls: The context for TLS with clients; None forwards bytes unchanged.
        postgres: Whether clients request TLS by PostgreSQL's protocol first.
    """

    def __init__(
        self,
        target_port: int,
        *,
        port: int | None = None,
        tls: ssl.SSLContext | None = None,
        postgres: bool = False,
    ) -> None:
        self.target_port = target_port
        self.port = port or free_port()
        self.mode = Mode.PASS
        self.latency_s = DEFAULT_LATENCY_S
        self._tls = tls
        self._postgres = postgres
        self._listening = CancelScope()
        self._settled = Event()
        self._changed = Event()

    async def switch(self, mode: Mode, latency_s: float = DEFAULT_LATENCY_S) -> None:
        """Change the mode, and return when it is in effect.

        Args:
            mode: The new mode.
            latency_s: Delay of every chunk in each direction; only for `slow`.
        """
        starts_anew = {self.mode, mode} & {Mode.REFUSE, Mode.CUT}
        self.mode, self.latency_s = mode, latency_s
        self._changed.set()
        self._changed = Event()
        if starts_anew:
            self._settled = Event()
            self._listening.cancel()
            await self._settled.wait()

    async def serve(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; it has started when the port is open."""
        started = False
        while True:
            with CancelScope() as self._listening:
                if self.mode is Mode.REFUSE:
                    self._settled.set()
                    await anyio.sleep_forever()
                listener = await anyio.create_tcp_listener(local_host=HOST, local_port=self.port)
                async with listener:
                    self._settled.set()
                    if not started:
                        task_status.started()
                        started = True
                    await listener.serve(self._connect)

    async def _connect(self, client: SocketStream) -> None:
        async with client:
            if self.mode is Mode.CUT:
                return
            await self._delay()
            with suppress(*CLOSED):
                async with (
                    await self._secure(client) as secure,
                    await anyio.connect_tcp(HOST, self.target_port) as server,
                    anyio.create_task_group() as both,
                ):
                    both.start_soon(self._pass_on, secure, server, both.cancel_scope)
                    both.start_soon(self._pass_on, server, secure, both.cancel_scope)

    async def _secure(self, client: SocketStream) -> ByteStream:
        if self._tls is None:
            return client
        if self._postgres:
            await _agree_on_tls(client)
        return await TLSStream.wrap(
            client, server_side=True, ssl_context=self._tls, standard_compatible=False
        )

    async def _pass_on(self, source: ByteStream, sink: ByteStream, both: CancelScope) -> None:
        with suppress(*CLOSED):
            async for piece in source:
                await self._delay()
                await sink.send(piece)
        both.cancel()

    async def _delay(self) -> None:
        while self.mode is Mode.HANG:
            await self._changed.wait()
        if self.mode is Mode.SLOW:
            await anyio.sleep(self.latency_s)


@asynccontextmanager
async def serving(*proxies: Proxy) -> AsyncIterator[None]:
    """Serve proxies while the block runs."""
    async with anyio.create_task_group() as tasks:
        for proxy in proxies:
            await tasks.start(proxy.serve)
        yield
        tasks.cancel_scope.cancel()


async def _agree_on_tls(client: SocketStream) -> None:
    """Answer PostgreSQL's encryption requests until TLS can begin.

    Raises:
        BrokenResourceError: The client wants to continue in plain text.
    """
    # Read exactly the requests: the bytes after them belong to TLS.
    # https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
    requests = BufferedByteReceiveStream(client)
    while (request := await requests.receive_exactly(len(SSL_REQUEST))) == GSS_REQUEST:
        await client.send(b"N")
    if request != SSL_REQUEST:
        raise BrokenResourceError
    await client.send(b"S")
