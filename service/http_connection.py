"""HTTP connections with limits that uvicorn lacks, for every port that Heartbeat serves."""

import asyncio
import json
from collections.abc import Mapping

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.one_write import OneWrite

HEAD_MAX_BYTES = 16_384  # bytes of all headers together, as in most servers
HEAD_S = 10.0  # seconds that a client may take to send a request
REFUSAL_HEADERS = {"content-type": "application/json", "cache-control": "no-store"}


class Connection(HttpToolsProtocol):
    """An HTTP connection that limits size and time of a request's headers; httptools does not."""

    headers_of_refusals: Mapping[str, str] = REFUSAL_HEADERS
    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own
        """Close the connection of a client that sends nothing."""
        self._one_write = OneWrite(transport)
        super().connection_made(self._one_write)  # type: ignore[arg-type] # it has all attributes
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of unfinished headers."""
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            self._head_bytes = 0
        elif self._head_bytes > HEAD_MAX_BYTES:
            self._refuse(431, "request_header_fields_too_large", "the headers are too large")
        elif self._head_bytes and self._head_timer is None:
            self._start_timer()

    def on_message_begin(self) -> None:
        """Start to count a request's headers."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: the headers are complete."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Write the head of a response without a body."""
        self._one_write.flush()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """Give the connection itself to a WebSocket."""
        self.transport = self._one_write.transport
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, with the API's error document."""
        self._refuse(400, "bad_request", msg.rstrip("."))

    def _refuse(self, status: int, word: str, message: str) -> None:
        self._stop_timer()
        refuse(self.transport, status, word, message, self.headers_of_refusals)

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._time_out)

    def _time_out(self) -> None:
        if self._head_bytes:
            self._refuse(408, "request_timeout", "the request did not arrive in time")
        else:
            self.transport.close()  # browsers open connections in advance

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def refuse(
    transport: asyncio.Transport, status: int, word: str, message: str, headers: Mapping[str, str]
) -> None:
    """Refuse an incomplete request with an error document, and close."""
    if transport.is_closing():
        return
    body = json.dumps({"error": word, "message": message}).encode()
    lines = [
        f"HTTP/1.1 {status} {word.replace('_', ' ').title()}",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"content-length: {len(body)}",
        "connection: close",
    ]
    transport.write("\r\n".join([*lines, "", ""]).encode() + body)
    transport.close()
