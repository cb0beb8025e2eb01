"""A proxy for PostgreSQL that counts the round trips of its clients."""

from contextlib import suppress

import anyio
from anyio.abc import ByteStream, SocketStream

from local.proxy import CLOSED, HOST, Proxy

# https://www.postgresql.org/docs/17/protocol-message-formats.html
AWAITED = frozenset(b"QSHp")  # after these a client waits: query, Sync, Flush, password
TYPE_BYTES, LENGTH_BYTES = 1, 4


class CountingProxy(Proxy):
    """Counts how often the clients of a server without TLS wait for it.

    A connection costs one round trip for TCP, and with TLS two more.

    Args:
        target_port: The server's port.

    Attributes:
        round_trips: How many there were.
    """

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.round_trips = 0

    async def _connect(self, client: SocketStream) -> None:
        self.round_trips += 1
        async with client:
            with suppress(*CLOSED):
                async with (
                    await anyio.connect_tcp(HOST, self.target_port) as server,
                    anyio.create_task_group() as both,
                ):
                    both.start_soon(self._pass_on, server, client, both.cancel_scope)
                    await self._count(client, server)
                    both.cancel_scope.cancel()

    async def _count(self, client: ByteStream, server: ByteStream) -> None:
        unread, head = b"", 0  # the first message has no type
        async for piece in client:
            unread += piece
            while len(unread) >= head + LENGTH_BYTES:
                size = head + int.from_bytes(unread[head : head + LENGTH_BYTES])
                if len(unread) < size:
                    break
                self.round_trips += not head or unread[0] in AWAITED
                unread, head = unread[size:], TYPE_BYTES
            await server.send(piece)
