"""Invalid bytes, which no client library would send, against the real server."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import httpx2
import pytest
from anyio.abc import SocketStream
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from service import http_connection
from service.api import server
from service.api.app import create
from service.api.limits import TARGET_MAX_BYTES
from service.http_connection import HEAD_MAX_BYTES
from service.settings import load
from tests.examples import examples
from tests.service.serving import NOWHERE, served
from tests.service.standstill import STANDSTILL_MAX_S, longest_standstill_s

pytestmark = pytest.mark.anyio

HOST = b"Host: heartbeat\r\n"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[tuple[str, int]]:
    async with served(create(load(NOWHERE))) as address:
        host, _, port = address.partition(":")
        yield host, int(port)


@pytest.fixture(autouse=True)
def others_are_served(address: tuple[str, int]) -> Iterator[None]:  # noqa: ARG001 - starts before
    """Check that no request blocks the event loop."""
    with longest_standstill_s() as standstill_s:
        yield

    assert standstill_s() < STANDSTILL_MAX_S


def one_line(text: bytes) -> bool:
    """Tell whether a text has no line break, which would end a line of the request."""
    return not set(text) & set(b"\r\n")


async def answer_of(address: tuple[str, int], request: bytes) -> tuple[int, dict[str, Any]]:
    """Send bytes; return status and body of the response."""
    async with await anyio.connect_tcp(*address) as stream:
        await stream.send(request)
        status, body = await _answer(stream)
    return status, json.loads(body)


async def status_of(address: tuple[str, int], request: bytes) -> int:
    """Send bytes; return only the status, because the WebSocket library writes the body as text."""
    async with await anyio.connect_tcp(*address) as stream:
        await stream.send(request)
        status, _ = await _answer(stream)
    return status


async def _answer(stream: SocketStream) -> tuple[int, bytes]:
    received = b""
    with anyio.fail_after(60):
        while b"\r\n\r\n" not in received:
            received += await stream.receive()
        head, _, body = received.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            body += await stream.receive()
    return int(head.split(b" ")[1]), body


GET = b"GET /livez HTTP/1.1\r\n"
REFUSED = {
    "an unknown method": (b"BREW /livez HTTP/1.1\r\n" + HOST, 400),
    "TRACE": (b"TRACE /livez HTTP/1.1\r\n" + HOST, 405),
    "CONNECT": (b"CONNECT example.com:443 HTTP/1.1\r\n" + HOST, 400),
    "POST": (b"POST /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n", 405),
    "DELETE": (b"DELETE /worker/status HTTP/1.1\r\n" + HOST, 405),
    "OPTIONS of all": (b"OPTIONS * HTTP/1.1\r\n" + HOST, 405),
    "a body": (GET + HOST + b"Content-Length: 1\r\n", 413),
    "a body in chunks": (GET + HOST + b"Transfer-Encoding: chunked\r\n", 413),
    "a body without bounds": (GET + HOST + b"Content-Length: 99999999999\r\n", 413),
    "two lengths": (GET + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n", 400),
    "no length": (GET + HOST + b"Content-Length: many\r\n", 400),
    "no host": (GET, 400),
    "an empty host": (GET + b"Host: \r\n", 400),
    "two hosts": (GET + HOST + HOST, 400),
    "half an address as host": (GET + b"Host: [::1\r\n", 400),
    "a path as host": (GET + b"Host: heartbeat/../x\r\n", 400),
    "a host with spaces": (GET + b"Host: a b\r\n", 400),
    "a port that is none": (GET + b"Host: heartbeat:http\r\n", 400),
    "a long address": (b"GET /?" + b"q" * TARGET_MAX_BYTES + b" HTTP/1.1\r\n" + HOST, 414),
    "large headers": (GET + HOST + b"X: " + b"x" * HEAD_MAX_BYTES + b"\r\n", 431),
    "many headers": (GET + HOST + b"X: 1\r\n" * 5_000, 431),
    "bytes above ASCII in the path": (b"GET /\xff\xfe HTTP/1.1\r\n" + HOST, 400),
    "HTTP/9.9": (b"GET /livez HTTP/9.9\r\n" + HOST, 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a broken escape": (b"GET /%zz HTTP/1.1\r\n" + HOST, 404),
    "a NUL in the path": (b"GET /%00 HTTP/1.1\r\n" + HOST, 404),
    "a path out of the folder": (b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST, 404),
    "the same, escaped": (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST, 404),
    "the same, with backslashes": (b"GET /..%5c..%5cetc%5cpasswd HTTP/1.1\r\n" + HOST, 404),
    "the same, absolute": (b"GET //etc/passwd HTTP/1.1\r\n" + HOST, 404),
    "code of the service": (b"GET /..%2fservice/api.py HTTP/1.1\r\n" + HOST, 404),
    "a name that no file may have": (b"GET /" + b"n" * 3_000 + b" HTTP/1.1\r\n" + HOST, 404),
}


@pytest.mark.parametrize(("request_head", "status"), REFUSED.values(), ids=REFUSED)
async def test_invalid_input_gets_an_error_in_the_common_form(
    address: tuple[str, int], request_head: bytes, status: int
) -> None:
    answered, problem = await answer_of(address, request_head + b"\r\n")

    assert answered == status
    assert set(problem) == {"error", "message"}


@settings(max_examples=examples(200), derandomize=True, database=None)
@given(
    target=st.binary(max_size=60).filter(one_line),
    name=st.binary(max_size=20).filter(one_line),
    text=st.binary(max_size=60).filter(one_line),
)
async def test_random_bytes_never_get_a_500(
    address: tuple[str, int], target: bytes, name: bytes, text: bytes
) -> None:
    request = b"GET /" + target + b" HTTP/1.1\r\n" + HOST + name + b": " + text + b"\r\n\r\n"

    assert 200 <= await status_of(address, request) < 500


@pytest.mark.parametrize("span", ["bytes=9-1,x", "bytes=x", "bytes=9999999-", "lines=1-2"])
async def test_a_range_request_gets_the_whole_file(address: tuple[str, int], span: str) -> None:
    url = f"http://{address[0]}:{address[1]}/"
    async with httpx2.AsyncClient() as client:
        whole = await client.get(url)
        part = await client.get(url, headers={"Range": span})

    assert (part.status_code, part.content) == (200, whole.content)


UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.parametrize(
    ("handshake", "status"),
    [
        (b"GET /elsewhere HTTP/1.1\r\n" + HOST, 404),
        (b"POST /ws HTTP/1.1\r\n" + HOST, 405),
        (b"GET /ws HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n", 400),
        (b"GET /ws HTTP/1.1\r\n" + HOST + b"Sec-WebSocket-Key: twice\r\n", 400),
        (b"GET /ws HTTP/1.1\r\n" + HOST + b"Sec-WebSocket-Version: 8\r\n", 400),
        (b"GET /ws HTTP/1.1\r\nHost: [::1\r\n", 400),
        (b"GET /ws?" + b"q" * TARGET_MAX_BYTES + b" HTTP/1.1\r\n" + HOST, 414),
    ],
)
async def test_a_bad_handshake_gets_a_4xx(
    address: tuple[str, int], handshake: bytes, status: int
) -> None:
    answered = await status_of(address, handshake + UPGRADE + b"\r\n")

    assert answered == status


@pytest.mark.parametrize("key", [b"", b"Sec-WebSocket-Key: \r\n", b"Sec-WebSocket-Key: short\r\n"])
async def test_a_handshake_without_a_key_is_refused_like_every_request(
    address: tuple[str, int], key: bytes
) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    async with await anyio.connect_tcp(*address) as stream:
        await stream.send(b"GET /ws HTTP/1.1\r\n" + HOST + upgrade + key + b"\r\n")
        status, body = await _answer(stream)

    assert status == 400
    assert json.loads(body) == {
        "error": "bad_request",
        "message": "this is not a WebSocket handshake",
    }


async def test_an_endless_request_head_is_refused(address: tuple[str, int]) -> None:
    async with await anyio.connect_tcp(*address) as stream:
        await stream.send(GET + HOST + b"X: ")
        for _ in range(HEAD_MAX_BYTES // 1024 + 1):
            await stream.send(b"x" * 1024)
        status, body = await _answer(stream)

    assert status == 431
    assert json.loads(body)["error"] == "request_header_fields_too_large"


async def test_each_request_of_a_connection_has_its_own_limit(
    address: tuple[str, int],
) -> None:
    padding = b"X: " + b"x" * (HEAD_MAX_BYTES // 2) + b"\r\n"
    async with await anyio.connect_tcp(*address) as stream:
        for _ in range(5):
            await stream.send(GET + HOST + padding + b"\r\n")
            status, _ = await _answer(stream)

            assert status == 200


@pytest.mark.parametrize(
    ("sent", "status"), [(GET, 408), (GET + HOST + b"\r\n" + GET, 408), (b"", None)]
)
async def test_an_incomplete_request_times_out(
    address: tuple[str, int], sent: bytes, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connection, "HEAD_S", 0.05)
    received = b""
    async with await anyio.connect_tcp(*address) as stream:
        if sent:
            await stream.send(sent)
        with anyio.fail_after(60):
            try:
                while True:
                    received += await stream.receive()
            except anyio.EndOfStream:
                pass

    assert (f"HTTP/1.1 {status} ".encode() in received) if status else not received


async def test_a_viewer_with_full_buffers_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LINGER_S", 0.0)
    full, closed = anyio.Event(), anyio.Event()

    class Watched(server.ViewerConnection):
        def pause_writing(self) -> None:
            super().pause_writing()
            full.set()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            closed.set()

    async def flood(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        await receive()
        await send({"type": "websocket.accept"})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send_on, send)
            await full.wait()  # neither the buffers of the system nor ours take more
            tasks.cancel_scope.cancel()

    async def send_on(send: Send) -> None:
        while True:
            await send({"type": "websocket.send", "text": "x" * 100_000})

    monkeypatch.setattr(server, "ViewerConnection", Watched)
    async with served(flood) as address:
        host, _, port = address.partition(":")
        async with await anyio.connect_tcp(host, int(port)) as stream:
            await stream.send(b"GET /ws HTTP/1.1\r\n" + HOST + UPGRADE + b"\r\n")
            with anyio.fail_after(60):
                await closed.wait()
