"""HTTP requests in every framing."""

import json
import socket
import ssl
from collections.abc import Iterator

import h11
import pytest

from local.aws.process import RunningAws
from local.aws.wire.connection import MAX_BODY
from tests.local.aws.clients import Clients, Wire

TIMEOUT_S = 20.0  # a bound for a hang


class Client:
    """One connection, by h11's own client side."""

    def __init__(self, aws: RunningAws) -> None:
        port = int(aws.environment()["AWS_ENDPOINT_URL"].rpartition(":")[2])
        context = ssl.create_default_context(cafile=aws.environment()["AWS_CA_BUNDLE"])
        plain = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.stream = context.wrap_socket(plain, server_hostname="127.0.0.1")
        self.http = h11.Connection(h11.CLIENT)

    def send(self, *events: h11.Event) -> None:
        for event in events:
            self.stream.sendall(self.http.send(event) or b"")

    def receive(self) -> object:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            self.http.receive_data(self.stream.recv(65_536))
        return event

    def answer(self) -> tuple[int, bytes]:
        """Return status and body of one answer; the connection stays open."""
        head = self.receive()
        assert isinstance(head, h11.Response)
        body = b""
        while isinstance(event := self.receive(), h11.Data):
            body += bytes(event.data)
        if self.http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            self.http.start_next_cycle()
        return head.status_code, body


@pytest.fixture
def client(aws: RunningAws) -> Iterator[Client]:
    made = Client(aws)
    yield made
    made.stream.close()


def _head(wire: Wire, framing: dict[str, str]) -> h11.Request:
    kept = {k: v for k, v in wire.headers.items() if k.lower() != "content-length"}
    named = {key.lower() for key in kept}
    host = {} if "host" in named else {"Host": "127.0.0.1"}
    headers = list({**host, **kept, **framing}.items())
    return h11.Request(method=wire.method, target=wire.target, headers=headers)


def test_a_chunked_body_is_accepted(client: Client, clients: Clients) -> None:
    wire = clients.session_request()
    half = len(wire.body) // 2

    client.send(_head(wire, {"Transfer-Encoding": "chunked"}))
    client.send(h11.Data(data=wire.body[:half]), h11.Data(data=wire.body[half:]))
    client.send(h11.EndOfMessage())
    status, body = client.answer()

    assert status == 201, body
    assert json.loads(body)["credentialSet"]


def test_a_client_that_expects_100_continue_gets_it(client: Client, clients: Clients) -> None:
    wire = clients.session_request()
    framing = {"Content-Length": str(len(wire.body)), "Expect": "100-continue"}

    client.send(_head(wire, framing))
    informational = client.receive()
    client.send(h11.Data(data=wire.body), h11.EndOfMessage())

    assert isinstance(informational, h11.InformationalResponse)
    assert informational.status_code == 100
    assert client.answer()[0] == 201


def test_one_connection_serves_requests_of_every_framing(client: Client, clients: Clients) -> None:
    for framing in ({"Transfer-Encoding": "chunked"}, None, {"Transfer-Encoding": "chunked"}):
        wire = clients.session_request()
        length = {"Content-Length": str(len(wire.body))}
        client.send(_head(wire, framing or length), h11.Data(data=wire.body), h11.EndOfMessage())

        assert client.answer()[0] == 201


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_over_the_bound_is_refused_and_the_connection_closed(
    client: Client, chunked: bool
) -> None:
    size = MAX_BODY + 1
    framing = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(size)}
    client.send(_head(Wire("POST", "/", {}, b""), framing))
    client.send(h11.Data(data=bytes(size)))

    assert client.answer() == (413, b"")


def test_input_that_is_not_http_is_refused(aws: RunningAws) -> None:
    client = Client(aws)

    client.stream.sendall(b"HELLO\r\n\r\n")

    client.http.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    assert client.answer()[0] == 400
    client.stream.close()
