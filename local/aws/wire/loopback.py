"""An HTTP server only for this machine."""

import socket
from http.server import ThreadingHTTPServer


class LoopbackServer(ThreadingHTTPServer):
    """An HTTP server with one thread per connection.

    On 127.0.0.1, unless it is in a container, whose loopback cannot be reached from outside.
    """

    daemon_threads = True
    request_queue_size = 128

    @property
    def port(self) -> int:
        """The port in use, also if port 0 selected a free one."""
        return int(self.server_address[1])

    def server_bind(self) -> None:
        """Bind without asking the resolver for the host's name, as http.server would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
