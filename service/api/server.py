"""The API's HTTP server: uvicorn with further limits."""

import asyncio
import json
import signal
from http import HTTPStatus
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request, Response

from service.api.headers import SECURITY
from service.http_connection import REFUSAL_HEADERS, Connection, refuse
from service.listener import listen
from service.quiet_server import QuietServer
from service.shutdown import REQUESTS_S

KEEP_ALIVE_S = 75  # longer than the edge's own, so that the edge closes first
PING_S, PONG_S = 15.0, 10.0  # a viewer that reads nothing is closed after 25 s
FRAME_MAX_BYTES = 1_024  # viewers have nothing to send
BUFFER_MAX_BYTES = 16_384  # a few documents: the most memory that a slow viewer costs
LINGER_S = 5.0  # seconds that a closed viewer may take to read the rest

SWITCHING_PROTOCOLS = 101
NO_HANDSHAKE = "this is not a WebSocket handshake"

log = structlog.get_logger()


def serve(app: ASGIApp, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; blocks.

    Returns:
        The exit status: 0 after a signal, 1 if the server could not start.
    """
    server = QuietServer(config(app, host, port))
    for number in (signal.SIGTERM, signal.SIGINT):
        # After a clean shutdown uvicorn raises the signal again, which would kill this process.
        signal.signal(number, lambda *_: None)
    try:
        listener = listen(host, port)
    except OSError as error:
        log.error("port_unavailable", host=host, port=port, detail=str(error))  # noqa: TRY400
        return 1
    with listener:
        server.run([listener])
    return 0 if server.started else 1


def config(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """Return uvicorn's configuration."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=ApiConnection,
        ws=ViewerConnection,
        ws_max_size=FRAME_MAX_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the client's address comes only from the configured header
        timeout_graceful_shutdown=REQUESTS_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


class ApiConnection(Connection):
    """A connection whose own refusals have the headers of all other answers."""

    headers_of_refusals = REFUSAL_HEADERS | SECURITY


class ViewerConnection(WebSocketsSansIOProtocol):
    """A viewer's connection, with a limit on unread output."""

    def connection_made(self, transport: Any) -> None:  # Any: uvicorn narrows it itself
        """Limit the write buffer."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=BUFFER_MAX_BYTES)

    def data_received(self, data: bytes) -> None:
        """Refuse a handshake that cannot be parsed; uvicorn would leave it open for ever."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_complete:
            headers = REFUSAL_HEADERS | SECURITY
            refuse(self.transport, 400, "bad_request", NO_HANDSHAKE, headers)

    def handle_connect(self, event: Request) -> None:
        """Refuse a handshake that is wrong with the API's error document, not with a text."""
        accept = self.conn.accept

        def accept_or_refuse(request: Request) -> Response:
            response = accept(request)
            if response.status_code != SWITCHING_PROTOCOLS:
                _spell(response)
            return response

        self.conn.accept = accept_or_refuse  # type: ignore[method-assign] # uvicorn makes `conn`
        super().handle_connect(event)

    def keepalive_timeout(self) -> None:
        """Close a viewer that answers no ping: uvicorn would wait for ever until it reads."""
        self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Close the connection soon after the app has ended, even if the viewer reads nothing."""
        super().on_task_complete(task)
        self.loop.call_later(LINGER_S, self.transport.abort)


def _spell(refusal: Response) -> None:
    """Give a refusal of the websockets library the form of every refusal here."""
    word = HTTPStatus(refusal.status_code).phrase.lower().replace(" ", "_")
    refusal.body = json.dumps({"error": word, "message": NO_HANDSHAKE}).encode()
    own = REFUSAL_HEADERS | SECURITY | {"content-length": str(len(refusal.body))}
    for name, value in own.items():
        if name in refusal.headers:
            del refusal.headers[name]
        refusal.headers[name] = value
