"""Open the port that a process listens on."""

import socket

BACKLOG = 2048  # uvicorn's own
EVERYWHERE = "::"


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; `::` accepts IPv4 too, whatever the system's default.

    Args:
        host: An address of either family, or a name.
        port: 0 for a free one.

    Raises:
        OSError: The address is in use, or not this machine's.
    """
    if ":" not in host:
        return socket.create_server((host, port), backlog=BACKLOG)
    both = host == EVERYWHERE and socket.has_dualstack_ipv6()
    address = (host, port)
    return socket.create_server(
        address, family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=both
    )
