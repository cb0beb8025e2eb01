"""The HTTPS server in front of the account: one thread per connection, connections kept alive."""

import ssl
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import uuid4

from local.aws.wire.counters import Counters
from local.aws.wire.loopback import LoopbackServer
from local.aws.wire.message import Cut, Reply, Request

MAX_BODY = 1_048_576  # bytes; more than any operation here takes
HANDSHAKE_TIMEOUT_S = 10.0
# A client that calls once a minute keeps its connection. AWS's own figure is not documented.
IDLE_TIMEOUT_S = 75.0


class AwsServer(LoopbackServer):
    """Serves `handle` over TLS.

    Args:
        address: Where to listen; port 0 takes a free one.
    """

    def __init__(
        self,
        address: tuple[str, int],
        tls: ssl.SSLContext,
        handle: Callable[[Request], Reply],
        counters: Counters,
    ) -> None:
        self._tls = tls
        self._counters = counters
        self.handle = handle
        super().__init__(address, _Connection)

    def finish_request(self, request: Any, client_address: Any) -> None:  # Any: socketserver's
        """Shake hands and serve one connection, in its own thread."""
        request.settimeout(HANDSHAKE_TIMEOUT_S)
        with self._tls.wrap_socket(request, server_side=True) as connection:
            self._counters.connection()
            _Connection(connection, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away or did not trust us; report what is a defect."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    """Reads requests off one connection and writes the replies."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer in two segments would wait 40 ms for an ACK
    wbufsize = -1
    timeout = IDLE_TIMEOUT_S
    server: AwsServer

    def handle_one_request(self) -> None:
        """Serve the next request, whatever its method."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY or "Transfer-Encoding" in self.headers:
            self.send_error(413)
            self.close_connection = True
            return
        request = Request(self.command, self.path, self._headers(), self.rfile.read(int(length)))
        try:
            self._write(self.server.handle(request))
        except Cut:
            self.close_connection = True

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        return headers

    def _write(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("x-amzn-RequestId", str(uuid4()))
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Log nothing: the counters tell what happened, and headers hold signatures."""
