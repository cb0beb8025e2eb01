import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

from stack.preflight.world import ThisMachine, get


def test_a_command_ends_with_its_code_and_words() -> None:
    done = ThisMachine().run(sys.executable, "-c", "print('hello'); raise SystemExit(3)")

    assert (done.code, done.out) == (3, "hello")


def test_a_command_that_is_not_there_ends_with_127() -> None:
    assert ThisMachine().run("no-such-command").code == 127


def test_a_page_that_is_not_there_has_no_status() -> None:
    assert get(ThisMachine(), "http://127.0.0.1:1/").status == 0


def test_a_command_gets_what_it_is_given() -> None:
    done = ThisMachine().run(sys.executable, "-c", "print(input())", given="a word")

    assert done.out == "a word"


def test_an_answers_headers_are_known_by_small_letters() -> None:
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
