"""An HTTP server for this machine alone."""

import socket
from http.server import ThreadingHTTPServer


class LoopbackServer(ThreadingHTTPServer):
    """One thread per connection; see `port` for where, if 0 asked for a free one.

    On 127.0.0.1, unless it is in a container, whose loopback nobody else can reach.
    """

    daemon_threads = True
    request_queue_size = 128

    @property
    def port(self) -> int:
        """The port that is listened on, also where 0 asked for a free one."""
        return int(self.server_address[1])

    def server_bind(self) -> None:
        """Bind without asking the resolver for the host's name, as http.server would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
