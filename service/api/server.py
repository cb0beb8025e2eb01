"""The HTTP server that the API runs under, with the bounds that uvicorn leaves open."""

import asyncio
import signal
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from schema.responses import Problem
from service.api.limits import HEAD_MAX_BYTES

SHUTDOWN_S = 5  # how long requests in flight may take after a signal
KEEP_ALIVE_S = 75  # longer than the edge's own, so that the edge closes first
HEAD_S = 10.0  # how long a client may take to say what it wants
FRAME_MAX_BYTES = 1_024  # a viewer has nothing to say
BUFFER_MAX_BYTES = 16_384  # a few documents; what a slow viewer does not read costs no more
LINGER_S = 5.0  # how long a closed viewer may take to read the rest


def serve(app: ASGIApp, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; blocks.

    Returns:
        The exit status: 0 after a signal, 1 if the server could not start.
    """
    server = uvicorn.Server(config(app, host, port))
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal once more when it has ended well, which would end us by it.
        signal.signal(number, lambda *_: None)
    server.run()
    return 0 if server.started else 1


def config(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """How the app is served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=Connection,
        ws=ViewerConnection,
        ws_max_size=FRAME_MAX_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whoever needs the client's address looks into the one header set up
        timeout_graceful_shutdown=SHUTDOWN_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


class Connection(HttpToolsProtocol):
    """An HTTP connection with bounds on a request's head, in size and time: httptools has none."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own
        """A client that says nothing leaves after a while."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that has not ended."""
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            self._head_bytes = 0
        elif self._head_bytes > HEAD_MAX_BYTES:
            self._refuse(431, "request_header_fields_too_large", "the headers are too large")
        elif self._head_bytes and self._head_timer is None:
            self._start_timer()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused in the one shape too."""
        self._refuse(400, "bad_request", msg.rstrip("."))

    def _refuse(self, status: int, word: str, message: str) -> None:
        self._stop_timer()
        _refuse(self.transport, status, word, message)

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._time_out)

    def _time_out(self) -> None:
        if self._head_bytes:
            self._refuse(408, "request_timeout", "the request did not come in time")
        else:
            self.transport.close()  # browsers connect in advance

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class ViewerConnection(WebSocketsSansIOProtocol):
    """A viewer's connection, with a bound on what waits to be read by it."""

    def connection_made(self, transport: Any) -> None:  # Any: uvicorn narrows it itself
        """Bound the buffer."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=BUFFER_MAX_BYTES)

    def data_received(self, data: bytes) -> None:
        """Refuse a handshake that cannot be parsed: uvicorn would let it wait for ever."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_complete:
            _refuse(self.transport, 400, "bad_request", "this is no handshake of a WebSocket")

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """End the connection soon after the app's part, even if the viewer reads nothing."""
        super().on_task_complete(task)
        self.loop.call_later(LINGER_S, self.transport.abort)


def _refuse(transport: asyncio.Transport, status: int, word: str, message: str) -> None:
    """Answer in the one shape of errors what never becomes a request, and close."""
    if transport.is_closing():
        return
    body = Problem(error=word, message=message).model_dump_json().encode()
    head = (
        f"HTTP/1.1 {status} {word.replace('_', ' ').title()}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        "x-content-type-options: nosniff\r\ncache-control: no-store\r\n"
        "connection: close\r\n\r\n"
    )
    transport.write(head.encode() + body)
    transport.close()
