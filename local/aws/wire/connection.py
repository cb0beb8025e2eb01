"""One HTTP/1.1 connection: requests as any client frames them, read by h11."""

import socket
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from uuid import uuid4

import h11

from local.aws.wire.message import Cut, Reply, Request

MAX_BODY = 1_048_576  # bytes; more than any operation here takes
MAX_HEADERS = 65_536  # bytes; a certificate's chain travels in one of them
CHUNK = 65_536  # bytes read at once


class Connection:
    """Reads requests off one connection and writes the replies."""

    def __init__(self, stream: socket.socket) -> None:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = stream
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADERS)

    def serve(self, handle: Callable[[Request], Reply]) -> None:
        """Answer until either side closes.

        Raises:
            OSError: The client disconnected, or was silent for too long.
        """
        try:
            while (request := self._request()) is not None:
                self._write(handle(request))
                if self._http.our_state is h11.MUST_CLOSE:
                    return
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                status = HTTPStatus(error.error_status_hint)
                self._write(Reply(status, {"Connection": "close"}, b""))
        except Cut:
            return

    def _request(self) -> Request | None:
        """Read the next request, whatever its method; None when the client has closed."""
        event = self._next()
        if not isinstance(event, h11.Request):
            return None
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=HTTPStatus.CONTINUE, headers=[]))
        body = b""
        while isinstance(data := self._next(), h11.Data):
            body += bytes(data.data)
            if len(body) > MAX_BODY:
                msg = "the body is larger than any operation accepts"
                raise h11.RemoteProtocolError(msg, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not isinstance(data, h11.EndOfMessage):
            return None
        return Request(event.method.decode(), event.target.decode(), _headers(event), body)

    def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(self._stream.recv(CHUNK))
        return event

    def _write(self, reply: Reply) -> None:
        headers = {
            "Date": formatdate(usegmt=True),
            **reply.headers,
            "x-amzn-RequestId": str(uuid4()),
            "Content-Length": str(len(reply.body)),
        }
        self._send(
            h11.Response(
                status_code=reply.status,
                reason=_reason(reply.status),
                headers=list(headers.items()),
            ),
            h11.Data(data=reply.body),
            h11.EndOfMessage(),
        )

    def _send(self, *events: h11.Event) -> None:
        """Send all at once: a second segment would wait for the client's acknowledgement."""
        self._stream.sendall(b"".join(self._http.send(event) or b"" for event in events))


def _headers(request: h11.Request) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
