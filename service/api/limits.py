"""Limits of requests, checked before anything else handles them; plain ASGI."""

import re
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.errors import problem, refuse
from service.http_connection import HEAD_MAX_BYTES

SEPARATORS_BYTES = 4  # colon, space and line end
TARGET_MAX_BYTES = 4_096  # bytes of path and query; ours are below 200
ROUTED = ("route", "endpoint")  # added by routing, so they do not count
LOGIN = "/login"  # the only address that takes a body: a form with the password
LOGIN_MAX_BYTES = 4_096
METHODS = frozenset({"GET", "HEAD"})  # preflights are answered before this middleware
WEBSOCKET_PATH = "/ws"
HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


class Limits:
    """Accept GET and HEAD without a body, and the login form, of limited size, with one Host."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if refusal is not None:
            await refuse(refusal, scope, receive, send)
        elif scope.get("method") == "HEAD":
            # Uptime monitors use HEAD. The server omits the body.
            answered = {**scope, "method": "GET"}
            await self.app(answered, receive, send)
            scope.update({key: answered[key] for key in ROUTED if key in answered})
        else:
            await self.app(scope, receive, send)


def _refusal(scope: Scope) -> Response | None:
    """Return why a request is refused, None if it is accepted."""
    method = scope.get("method", "GET")
    if method not in METHODS and not (method == "POST" and scope["path"] == LOGIN):
        allow = {"Allow": "GET, HEAD"} | CLOSE
        return _problem(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are accepted", allow)
    if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_MAX_BYTES:
        return _problem(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long")
    if scope["type"] == "websocket" and scope["path"] != WEBSOCKET_PATH:
        return _problem(HTTPStatus.NOT_FOUND, f"the only WebSocket is at {WEBSOCKET_PATH}")
    return _bad_headers(scope)


def _bad_headers(scope: Scope) -> Response | None:
    size, hosts = 0, []
    for name, value in scope["headers"]:
        size += len(name) + len(value) + SEPARATORS_BYTES
        if name == b"host":
            hosts.append(value)
        elif name == b"content-length" and scope.get("method") == "POST":
            if not value.isdigit() or int(value) > LOGIN_MAX_BYTES:
                return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form is too large", CLOSE)
        elif name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "no address accepts a body", CLOSE)
    if size > HEAD_MAX_BYTES:
        return _problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large")
    # https://www.rfc-editor.org/rfc/rfc9112#section-3.2: exactly one; HTTP/1.0 may have none.
    may_lack = scope["http_version"] == "1.0"
    if len(hosts) > 1 or (not hosts and not may_lack) or (hosts and not HOST.fullmatch(hosts[0])):
        return _problem(HTTPStatus.BAD_REQUEST, "the Host header names no host")
    return None


CLOSE = {"Connection": "close"}  # the rest of this connection's input is not read


def _problem(status: HTTPStatus, message: str, headers: dict[str, str] | None = None) -> Response:
    word = "not_found" if status is HTTPStatus.NOT_FOUND else status.name.lower()
    return problem(status, word, message, headers)
