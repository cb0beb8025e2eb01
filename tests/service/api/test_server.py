import socket
from pathlib import Path

import anyio
import httpx2
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from service.api import server
from service.api.app import create
from service.settings import load
from tests.service.processes import GRACE_S, running
from tests.service.serving import NOWHERE, served

pytestmark = pytest.mark.anyio


async def test_a_signal_closes_viewers_and_ends_the_process_with_0(tmp_path: Path) -> None:
    with running("api", "PORT", NOWHERE, tmp_path) as api:
        async with connect(api.url.replace("http", "ws") + "/ws") as viewer:
            await viewer.recv()
            api.process.terminate()
            with anyio.fail_after(60):
                await viewer.wait_closed()
        api.process.finish(GRACE_S)

        assert viewer.close_code == 1012
        assert api.process.exit_code == 0
    assert "request_failed" not in api.log.read_text()
    assert "Traceback" not in api.log.read_text()


async def test_a_viewer_that_never_reads_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PING_S", 0.1)
    monkeypatch.setattr(server, "PONG_S", 0.1)
    async with served(create(load(NOWHERE))) as address:
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port))) as viewer:
            viewer.sendall(HANDSHAKE)  # and it never reads
            with anyio.fail_after(60):
                while state(viewer) != CLOSE_WAIT:  # noqa: ASYNC110 - there is no event
                    await anyio.sleep(0.01)


async def test_an_answer_without_a_body_is_sent_immediately_and_keeps_the_connection() -> None:
    async with served(create(load(NOWHERE))) as address:
        host, _, port = address.partition(":")
        async with await anyio.connect_tcp(host, int(port)) as client:
            with anyio.fail_after(60):
                await client.send(b"HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                head = await client.receive()
                await client.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                whole = await client.receive()

    assert head.startswith(b"HTTP/1.1 200")
    assert head.endswith(b"\r\n\r\n")
    assert whole.startswith(b"HTTP/1.1 200")
    assert whole.endswith(b"}")


CLOSE_WAIT = 8  # the far side has closed; tcp_states.h of Linux
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def state(connection: socket.socket) -> int:
    """Return the TCP state of a connection, without reading from it."""
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def test_a_silent_viewer_is_disconnected_within_half_a_minute() -> None:
    assert server.PING_S + server.PONG_S < 30


def test_a_host_of_all_ipv6_interfaces_includes_ipv4(tmp_path: Path) -> None:
    with running("api", "PORT", {**NOWHERE, "HOST": "::"}, tmp_path) as api:
        port = api.url.rpartition(":")[2]
        for address in ("127.0.0.1", "[::1]"):
            assert httpx2.get(f"http://{address}:{port}/livez", timeout=60).status_code == 200


def test_a_port_in_use_is_logged() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, capture_logs() as lines:
        port = listener.getsockname()[1]

        assert server.serve(create(load(NOWHERE)), "127.0.0.1", port) == 1

    assert [(line["event"], line["port"]) for line in lines] == [("port_unavailable", port)]
