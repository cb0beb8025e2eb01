"""Run a receiver on loopback that answers as a test configures, and records every request."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """The receiver's configured answers and recorded requests.

    Attributes:
        answers: Statuses of the next answers, then always 200; 0 hangs, -1 closes the connection.
        retry_after: The Retry-After header of every answer other than 200.
        received: Every complete request.
        taken: The requests that were answered with 200.
    """

    port: int = 0
    answers: list[int] = field(default_factory=list)
    retry_after: str | None = None
    received: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def wait_for(self, count: int, timeout_s: float = 60.0) -> list[Received]:
        """Wait until this many requests were accepted; return them."""
        with self.came:
            came = self.came.wait_for(lambda: len(self.taken) >= count, timeout_s)
            assert came, f"{len(self.taken)} of {count} came"
            return list(self.taken)

    def wait_until(self, enough: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Wait until `enough` returns true; it is called after each request."""
        with self.came:
            came = self.came.wait_for(enough, timeout_s)
            assert came, f"not with {len(self.received)} requests, {len(self.taken)} taken"

    def wait_for_any(self, timeout_s: float = 60.0) -> None:
        """Wait for a request, whatever its answer."""
        with self.came:
            assert self.came.wait_for(lambda: bool(self.received), timeout_s)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver until the block ends."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Received(self.path, dict(self.headers), body)
            with state.came:
                state.received.append(request)
                status = state.answers.pop(0) if state.answers else 200
                if status == 200:
                    state.taken.append(request)
                state.came.notify_all()
            self._answer(status)

        do_GET = do_POST  # noqa: N815 - http.server's name

        def _answer(self, status: int) -> None:
            if status == 0:
                state.released.wait(60)
            if status <= 0:
                self.close_connection = True
                return
            self.send_response(status)
            if status != 200 and state.retry_after:
                self.send_header("Retry-After", state.retry_after)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
