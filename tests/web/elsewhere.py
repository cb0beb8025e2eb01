"""Serve pages of other origins than the API's."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from typing_extensions import override


class _Quiet(http.server.SimpleHTTPRequestHandler):
    @override
    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def elsewhere(folder: Path) -> Iterator[int]:
    """Serve a folder on loopback; yield the port.

    `localhost` is another site than 127.0.0.1; another port of the same host is not.
    """
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
