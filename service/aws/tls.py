"""HTTPS to AWS with one TLS context for all connections of a client, or of several.

botocore lets each new connection load its CA bundle again: 0.02 s of CPU for 140 certificates.
"""

import socket
import ssl
from typing import Any

from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path
from botocore.utils import get_environ_proxies

from service.timeouts import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S

# As botocore sets it for its clients: a request is sent in two pieces.
NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Connections(URLLib3Session):  # type: ignore[misc] # botocore has no types
    """botocore's HTTP client, whose connections share one TLS context.

    If botocore stops calling these methods, connections load the CA bundle themselves again.

    Args:
        url: Where it connects to; the environment may name a proxy for it.
        verify: The path of a CA bundle, True for botocore's own.
        tls: The context from `context`; None to load the bundle for each connection.
    """

    def __init__(self, url: str, verify: str | bool, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        super().__init__(
            verify=verify,
            proxies=get_environ_proxies(url),
            timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S),
            socket_options=[NO_DELAY],
        )

    def _get_ssl_context(self) -> ssl.SSLContext:
        context: ssl.SSLContext = self._tls or super()._get_ssl_context()
        return context

    def _setup_ssl_cert(self, conn: Any, url: str, verify: str | bool) -> None:
        super()._setup_ssl_cert(conn, url, verify)
        # TLS to a proxy itself has another context, which needs the path.
        if self._tls is not None and self._proxy_config.proxy_url_for(url) is None:
            conn.ca_certs = None


def context(verify: str | bool) -> ssl.SSLContext | None:
    """Load a CA bundle.

    Args:
        verify: As in `Connections`.

    Returns:
        None if it cannot be read: then connections fail with botocore's own error.
    """
    tls: ssl.SSLContext = create_urllib3_context()  # botocore's own: urllib3's is stricter
    try:
        tls.load_verify_locations(get_cert_path(verify))
    except OSError:
        return None
    return tls


def share(client: Any, verify: str | bool, tls: ssl.SSLContext | None) -> None:
    """Let a client's connections use a context; the arguments are as in `Connections`."""
    # There is no argument for it.
    client._endpoint.http_session = Connections(client.meta.endpoint_url, verify, tls)  # noqa: SLF001
