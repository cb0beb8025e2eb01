"""The HTTPS server in front of the account: one thread per connection, connections kept alive."""

import ssl
import sys
from collections.abc import Callable
from socketserver import BaseRequestHandler
from typing import Any

from local.aws.wire.connection import Connection
from local.aws.wire.counters import Counters
from local.aws.wire.loopback import LoopbackServer
from local.aws.wire.message import Reply, Request

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
        super().__init__(address, BaseRequestHandler)  # of which none is made: see below

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 the base's
        """Shake hands and serve one connection, in its own thread."""
        request.settimeout(HANDSHAKE_TIMEOUT_S)
        with self._tls.wrap_socket(request, server_side=True) as connection:
            self._counters.connection()
            connection.settimeout(IDLE_TIMEOUT_S)
            Connection(connection).serve(self.handle)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnected or did not trust us; report defects."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
