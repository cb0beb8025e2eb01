import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

from stack.preflight.machine import ThisMachine, get


def test_a_command_returns_its_exit_code_and_output() -> None:
    done = ThisMachine().run(sys.executable, "-c", "print('hello'); raise SystemExit(3)")

    assert (done.code, done.out) == (3, "hello")


def test_a_missing_command_returns_127() -> None:
    assert ThisMachine().run("no-such-command").code == 127


def test_an_unreachable_page_has_status_0() -> None:
    assert get(ThisMachine(), "http://127.0.0.1:1/").status == 0


def test_a_command_gets_its_standard_input() -> None:
    done = ThisMachine().run(sys.executable, "-c", "print(input())", stdin="a word")

    assert done.out == "a word"


def test_headers_are_named_in_lower_case() -> None:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server, ThreadPoolExecutor() as pool:
        serving = pool.submit(server.handle_request)
        answer = ThisMachine().send("POST", f"http://127.0.0.1:{server.server_port}/", {})
        serving.result()

    assert (answer.status, answer.body) == (401, None)
    assert answer.headers["www-authenticate"] == "Basic"


class Refusing(BaseHTTPRequestHandler):
    """Answer 401."""

    def do_POST(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        """Log nothing."""
