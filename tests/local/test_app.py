import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local.app import app_environment, beats, require_free
from local.server import StartError


def test_the_shells_variables_of_stores_are_removed() -> None:
    shell = {
        "PATH": "/bin",
        "AWS_PROFILE": "live",
        "PG_CA_CERT": "live",
        "PGHOST": "live",
        "IAM_CLIENT_KEY": "live",
    }

    environment = app_environment(shell, {"PGHOST": "127.0.0.1"})

    assert "live" not in environment.values()
    assert environment["PATH"] == "/bin"
    assert environment["PGHOST"] == "127.0.0.1"


def test_no_http_proxy_is_used_for_this_machine() -> None:
    environment = app_environment({"NO_PROXY": "intranet"}, {})

    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet,127.0.0.1,localhost"


def test_a_port_in_use_is_refused_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(StartError, match=f"port {port} is in use; .*--port {port + 1}"):
            require_free(port)


def test_a_free_port_is_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    require_free(port)


@contextmanager
def answering(code: int, body: str) -> Iterator[str]:
    """Serve one fixed answer; yield the address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (200, '{"overall_status": "ok"}', True),
        (200, '{"overall_status": "degraded"}', False),  # it is still starting
        (503, '{"overall_status": "error"}', False),
        (401, "", True),  # behind a password the verdict is unknown
    ],
)
def test_the_apis_verdict_shows_the_first_heartbeat(
    code: int, body: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # refuses connections

    with answering(code, body) as address:
        assert beats(address) is expected


def test_without_an_answer_there_is_no_first_heartbeat() -> None:
    assert not beats("http://127.0.0.1:9/")
