"""Error answers: all have one form, and none reveals internals."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from schema.responses import Problem

log = structlog.get_logger()


class Failures:
    """Answer an unexpected exception with 500, and log it once; plain ASGI.

    Starlette's own handler is outside of every other middleware and raises the exception again, so
    its answers would lack our headers and its errors would be logged twice.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        started = False

        async def watch_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch_start)
        except Exception:  # any exception: the client gets an error document
            log.exception("request_failed", path=scope.get("path"))
            if started:
                raise  # the server closes the connection: half an answer must not look complete
            await refuse(
                problem(500, "failed", "this should not have happened; the log has more"),
                scope,
                receive,
                send,
            )


async def refused(request: Request, error: Exception) -> Response:
    """Answer an HTTPException that a router or an endpoint raised."""
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    message = error.detail
    if message == phrase:  # the framework's own, which reveal nothing
        message = MESSAGES.get(error.status_code, phrase).format(method=request.method)
    return problem(error.status_code, phrase.lower().replace(" ", "_"), message, error.headers)


MESSAGES: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "{method} is not for this address",
}


def problem(
    status: int, error: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Make an error response."""
    body = Problem(error=error, message=message).model_dump_json()
    return Response(body, status, headers, media_type="application/json")


async def refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a request, or a WebSocket's handshake, with an error."""
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
    elif scope["type"] == "http":
        await response(scope, receive, send)
