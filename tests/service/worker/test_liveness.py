import socket

import anyio
import httpx2
import pytest
from structlog.testing import capture_logs

from local.server import free_port
from service import http_connection
from service.worker.liveness import Route, server

pytestmark = pytest.mark.anyio

ROUTES: dict[str, Route] = {
    "/livez": lambda: (200, "application/json", b"{}"),
    "/late": lambda: (503, "text/plain", b"late"),
}


async def test_it_serves_its_own_paths_only() -> None:
    port = free_port()
    serving = server("127.0.0.1", port, ROUTES)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serving.listen)
        while not serving.started:
            await anyio.lowlevel.checkpoint()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            answers = [await client.get(path) for path in ("/livez", "/late", "/other")]
        serving.stop()

    assert [answer.status_code for answer in answers] == [200, 503, 404]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


async def test_a_port_in_use_is_logged_and_stops_nothing() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken, capture_logs() as lines:
        port = taken.getsockname()[1]

        await server("0.0.0.0", port, ROUTES).listen()

    assert [(line["event"], line["port"]) for line in lines] == [("health_port_unavailable", port)]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_a_host_of_all_ipv6_interfaces_includes_ipv4(host: str) -> None:
    port = free_port()
    serving = server("::", port, ROUTES)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serving.listen)
        while not serving.started:
            await anyio.lowlevel.checkpoint()
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
            answer = await client.get("/livez")
        serving.stop()

    assert answer.status_code == 200


async def test_an_endless_head_is_refused_and_a_missing_one_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_connection, "HEAD_S", 0.05)
    port = free_port()
    serving = server("127.0.0.1", port, ROUTES)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serving.listen)
        while not serving.started:
            await anyio.lowlevel.checkpoint()
        responses = []
        for sent in (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000, b"GET / HTTP/1.1\r\n", b""):
            async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                if sent:
                    await stream.send(sent)
                with anyio.fail_after(60):
                    try:
                        responses.append((await stream.receive())[:12])
                    except anyio.EndOfStream:
                        responses.append(b"")
        serving.stop()

    assert responses == [b"HTTP/1.1 431", b"HTTP/1.1 408", b""]
