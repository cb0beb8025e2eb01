"""The worker's health port: tells the platform whether its loop is alive."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import structlog
import uvicorn
from starlette.types import Receive, Scope, Send

from service.http_connection import Connection
from service.listener import listen
from service.quiet_server import QuietServer

log = structlog.get_logger()

Route = Callable[[], tuple[int, str, bytes]]
"""Returns a status, a media type and a body."""


class Server(QuietServer):
    """A server inside a program that handles signals and shutdown itself."""

    async def listen(self) -> None:
        """Serve until `stop`; if the port is in use, log it and do nothing.

        uvicorn would end the process, although only the health check suffers from a missing port.
        """
        try:
            listener = listen(self.config.host, self.config.port)
        except OSError as error:
            log.error(  # noqa: TRY400 - the reason is in the text
                "health_port_unavailable", port=self.config.port, detail=str(error)
            )
            return
        with listener:
            await self.serve([listener])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do not install signal handlers."""
        yield


def server(host: str, port: int, routes: dict[str, Route]) -> Server:
    """Create a server for a few fixed paths, to be awaited with `listen()`.

    Args:
        host: The interface: all of them in the cloud, since the platform connects from outside.
        port: 0 for a free one.
        routes: The answer at each path.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's own
        route = routes.get(scope["path"])
        status, media_type, body = route() if route else (404, "text/plain", b"not found\n")
        headers = [(b"content-type", media_type.encode()), (b"cache-control", b"no-store")]
        start: dict[str, Any] = {"type": "http.response.start", "status": status}
        await send(start | {"headers": headers})
        await send({"type": "http.response.body", "body": body})

    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=Connection,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
        )
    )
