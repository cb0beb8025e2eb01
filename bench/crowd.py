"""Many viewers in one process, each a WebSocket that only listens."""

import asyncio
import base64
import os
import time
from collections.abc import Callable

HEAD_END = b"\r\n\r\n"
SHORT, WORD = 126, 127  # https://www.rfc-editor.org/rfc/rfc6455#section-5.2
AT_ONCE = 50  # below the server's backlog


class Viewer(asyncio.Protocol):
    """One open page.

    Args:
        port: Of the API, on this machine.
        tell: Takes each document's bytes.
    """

    def __init__(self, port: int, tell: Callable[[bytes], None]) -> None:
        self._port = port
        self._tell = tell
        self._buffer = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment] # TCP's
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET /ws HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, found, self._buffer = self._buffer.partition(HEAD_END)
            if not found:
                self._buffer = head
                return
            self._open = True
        while (frame := _frame(self._buffer)) is not None:
            document, self._buffer = frame
            self._tell(document)


class Crowd:
    """All viewers, and the documents they received.

    Attributes:
        documents: How many arrived in total.
    """

    def __init__(self, port: int) -> None:
        self.documents = 0
        self._port = port
        self._viewers: list[Viewer] = []
        self._awaited = b""
        self._arrived: list[float] = []

    async def grow(self, size: int) -> None:
        """Open viewers up to a number; return when each has its first document."""
        loop, greeted = asyncio.get_running_loop(), self.documents + size - len(self._viewers)
        while len(self._viewers) < size:
            count = min(AT_ONCE, size - len(self._viewers))
            opened = [
                loop.create_connection(self._viewer, "127.0.0.1", self._port) for _ in range(count)
            ]
            self._viewers += [viewer for _, viewer in await asyncio.gather(*opened)]
        while self.documents < greeted:  # noqa: ASYNC110 - no event announces what others count
            await asyncio.sleep(0.01)

    def look_for(self, text: str) -> None:
        """Record from now on when documents with this text arrive."""
        self._awaited, self._arrived = text.encode(), []

    async def arrivals(self, seconds: float) -> list[float]:
        """Return when it reached each viewer, on `time.monotonic()`.

        Raises:
            TimeoutError: A viewer did not get it in time.
        """
        async with asyncio.timeout(seconds):
            while len(self._arrived) < len(self._viewers):  # noqa: ASYNC110 - as in grow
                await asyncio.sleep(0.005)
        return self._arrived

    def leave(self) -> None:
        """Close all viewers."""
        for viewer in self._viewers:
            viewer.transport.abort()

    def _viewer(self) -> Viewer:
        return Viewer(self._port, self._tell)

    def _tell(self, document: bytes) -> None:
        self.documents += 1
        if self._awaited and self._awaited in document:
            self._arrived.append(time.monotonic())


def _frame(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the first frame's payload and the rest, None if it is incomplete."""
    if len(data) < 2:
        return None
    length, start = data[1] & 0x7F, 2
    if length >= SHORT:
        start = 4 if length == SHORT else 10
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        return None
    return data[start : start + length], data[start + length :]
