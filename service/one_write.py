"""A transport that sends the head of a response together with the first part of its body.

uvicorn writes them one after the other, and each write is a system call and a packet: a tenth of
the CPU of a short answer.
"""

import asyncio
from typing import Any

HEAD = b"HTTP/1.1 "
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"  # for which the client waits


class OneWrite:
    """A transport that holds a response's head until the next write, `flush` or `close`.

    Args:
        transport: Where all is written; every other attribute is its own.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self._head: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """Write, or hold a head."""
        if self._head is not None:
            data, self._head = self._head + data, None
        elif data.startswith(HEAD) and data != CONTINUE:
            self._head = data
            return
        self.transport.write(data)

    def flush(self) -> None:
        """Write a head without a body."""
        if self._head is not None:
            head, self._head = self._head, None
            self.transport.write(head)

    def close(self) -> None:
        """Write what is held, and close."""
        self.flush()
        self.transport.close()
