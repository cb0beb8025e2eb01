import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.api import viewer
from service.api.app import create
from service.api.live import Live
from service.kind import Shared
from service.settings import load
from service.verdict.readers import Reader, Readers
from service.verdict.watch import Watch
from tests.fakes import MemorySource
from tests.service.serving import NOWHERE, served, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def memory() -> dict[str, MemorySource]:
    """The two sources of `NOWHERE`, in memory, with the same fresh stamp."""
    stamp = Heartbeat(name="worker", timestamp=utc_now(), interval_seconds=3600)
    sources = {name: MemorySource(now=utc_now) for name in ("postgres", "valkey")}
    for source in sources.values():
        source.stored = stamp
    return sources


@asynccontextmanager
async def living(sources: dict[str, MemorySource], **options: Any) -> AsyncIterator[Live]:
    """Provide live push over sources in memory, with its ticker running."""
    async with anyio.create_task_group() as tasks:
        readers = {
            name: Reader(name, source.connected, 0.05, 2.0, tasks.start_soon)
            for name, source in sources.items()
        }
        watch = Watch(load(NOWHERE), Shared(name="worker"), Readers(readers))
        live = Live(watch, tasks.start_soon, **{"viewers_max": 10, **options})
        tasks.start_soon(live.tick)
        yield live
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def viewed(live: Live) -> AsyncIterator[str]:
    """Provide the WebSocket's URL."""
    async with served(FastAPI(routes=[WebSocketRoute("/ws", live.serve)])) as address:
        yield f"ws://{address}/ws"


async def received(socket: ClientConnection) -> dict[str, Any]:
    with anyio.fail_after(60):
        document: dict[str, Any] = json.loads(await socket.recv())
    return document


async def close_code(socket: ClientConnection) -> int | None:
    with anyio.fail_after(60):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            return socket.close_code


async def test_a_viewer_gets_the_document_at_once_and_again_when_a_stamp_changes(
    memory: dict[str, MemorySource],
) -> None:
    newer = Heartbeat(name="worker", timestamp=utc_now(), interval_seconds=3600)
    async with living(memory) as live, viewed(live) as url, connect(url) as socket:
        first = await received(socket)
        memory["postgres"].stored = newer
        second = await received(socket)

    assert first["diagnosis"]["code"] == "healthy"
    assert not second["in_step"]
    assert (
        second["timestamps"]["postgres"]["last_update"]
        != (first["timestamps"]["postgres"]["last_update"])
    )


async def test_all_viewers_get_the_same_document(memory: dict[str, MemorySource]) -> None:
    newer = Heartbeat(name="worker", timestamp=utc_now(), interval_seconds=3600)
    async with (
        living(memory) as live,
        viewed(live) as url,
        connect(url) as one,
        connect(url) as other,
    ):
        await received(one)
        await received(other)
        memory["valkey"].stored = newer
        with anyio.fail_after(60):
            documents = {await one.recv(), await other.recv()}

    assert len(documents) == 1


async def test_nothing_is_sent_while_only_ages_and_readings_change(
    memory: dict[str, MemorySource],
) -> None:
    async with living(memory) as live, viewed(live) as url, connect(url) as socket:
        await received(socket)
        read_before = memory["valkey"].reads
        await until(lambda: memory["valkey"].reads >= read_before + 3)

        assert live.sent == 1


async def test_a_document_is_sent_after_a_silence_even_without_changes(
    memory: dict[str, MemorySource],
) -> None:
    async with living(memory, silence_s=0.2) as live, viewed(live) as url, connect(url) as socket:
        first, second = await received(socket), await received(socket)

    assert first["current_time"] < second["current_time"]
    assert first["diagnosis"] == second["diagnosis"]


async def test_without_viewers_nothing_is_read(memory: dict[str, MemorySource]) -> None:
    async with living(memory) as live, viewed(live) as url:
        async with connect(url) as socket:
            await received(socket)
        await until(lambda: not live.viewers)
        read = memory["postgres"].reads
        await anyio.sleep(0.5)  # five ticks

        assert memory["postgres"].reads <= read + 1  # of a tick in flight


async def test_a_hung_store_does_not_delay_changes_of_the_others(
    memory: dict[str, MemorySource],
) -> None:
    newer = Heartbeat(
        name="worker", timestamp=utc_now() + timedelta(seconds=1), interval_seconds=3600
    )
    async with living(memory) as live, viewed(live) as url, connect(url) as socket:
        await received(socket)
        memory["valkey"].before = anyio.sleep_forever
        memory["postgres"].stored = newer
        document = await received(socket)

    assert document["timestamps"]["valkey"]["status"] == "ok"
    assert not document["in_step"]


async def test_a_viewer_beyond_the_limit_is_closed_with_try_again_later(
    memory: dict[str, MemorySource],
) -> None:
    async with (
        living(memory, viewers_max=1) as live,
        viewed(live) as url,
        connect(url) as first,
    ):
        await received(first)
        async with connect(url) as second:
            code = await close_code(second)

        assert code == 1013
        assert (live.viewers, live.refused) == (1, 1)


async def test_a_viewer_that_leaves_frees_its_place(memory: dict[str, MemorySource]) -> None:
    async with living(memory, viewers_max=1) as live, viewed(live) as url:
        async with connect(url) as first:
            await received(first)
        await until(lambda: not live.viewers)
        async with connect(url) as second:
            document = await received(second)

    assert document["overall_status"] == "ok"


class DeafSocket(WebSocket):
    """A page that reads nothing."""

    def __init__(self) -> None:
        super().__init__({"type": "websocket", "headers": []}, self._silence, self._swallow)
        self.stuck = anyio.Event()

    async def accept(self, *_: Any, **__: Any) -> None:
        pass

    async def receive(self) -> Any:
        await anyio.sleep_forever()

    async def _silence(self) -> Any:
        await anyio.sleep_forever()

    async def send_text(self, data: str) -> None:  # noqa: ARG002
        self.stuck.set()
        await anyio.sleep_forever()

    async def _swallow(self, message: Any) -> None:
        pass


async def test_a_slow_reader_is_dropped_instead_of_buffered(
    memory: dict[str, MemorySource],
) -> None:
    page = DeafSocket()
    async with living(memory, silence_s=0.0) as live, anyio.create_task_group() as tasks:
        tasks.start_soon(live.serve, page)
        await until(page.stuck.is_set)
        await until(lambda: not live.viewers)

        assert live.dropped == 1


@pytest.mark.parametrize(
    ("frames", "code"), [(["x" * 2_000], 1009), (["x"] * (viewer.FRAMES_MAX + 1), 1008)]
)
async def test_a_viewer_that_sends_too_much_is_closed(
    memory: dict[str, MemorySource], frames: list[str], code: int
) -> None:
    async with living(memory) as live, viewed(live) as url, connect(url) as socket:
        for frame in frames:
            await socket.send(frame)

        assert await close_code(socket) == code


async def test_small_frames_are_ignored(memory: dict[str, MemorySource]) -> None:
    newer = Heartbeat(name="worker", timestamp=utc_now(), interval_seconds=3600)
    async with living(memory) as live, viewed(live) as url, connect(url) as socket:
        await received(socket)
        await socket.send("hello")
        await socket.send(b"\x00\xff")
        memory["postgres"].stored = newer
        document = await received(socket)

    assert not document["in_step"]


async def test_viewers_get_the_outage_of_every_store() -> None:
    app = create(load(NOWHERE))
    async with served(app) as address, connect(f"ws://{address}/ws") as socket:
        document = await received(socket)

    assert document["overall_status"] == "error"
    assert document["diagnosis"]["code"] == "source_unreachable"


async def test_a_shutdown_closes_viewers_with_service_restart() -> None:
    app = create(load(NOWHERE))
    async with anyio.create_task_group() as tasks:
        ready = anyio.Event()
        leave = anyio.Event()

        async def serve() -> None:
            async with served(app) as address:
                urls.append(f"ws://{address}/ws")
                ready.set()
                await leave.wait()

        urls: list[str] = []
        tasks.start_soon(serve)
        await ready.wait()
        async with connect(urls[0]) as socket:
            await received(socket)
            leave.set()

            assert await close_code(socket) == 1012


async def test_every_process_pushes_its_own_documents(environ: dict[str, str]) -> None:
    one, other = create(load(environ)), create(load(environ))
    async with (
        served(one) as first,
        served(other) as second,
        connect(f"ws://{first}/ws") as here,
        connect(f"ws://{second}/ws") as there,
    ):
        documents = [await received(here), await received(there)]

    assert [set(document["timestamps"]) for document in documents] == [
        {"postgres", "valkey", "secrets_manager"}
    ] * 2


@pytest.mark.parametrize(
    ("origin", "opens"),
    [
        ("http://{host}", True),
        ("https://{host}", True),
        ("https://status.example.com", True),
        (None, True),
        ("https://evil.example.com", False),
        ("http://{host}.evil.example.com", False),
        ("null", False),
        ("http://", False),
    ],
)
async def test_a_page_of_another_origin_may_not_watch(origin: str | None, *, opens: bool) -> None:
    app = create(load(NOWHERE | {"API_CORS_ORIGINS": "https://status.example.com"}))
    async with served(app) as address:
        headers = {"Origin": origin.format(host=address)} if origin else {}
        async with opening(f"ws://{address}/ws", headers) as status:
            assert status == (101 if opens else 403)


@asynccontextmanager
async def opening(url: str, headers: dict[str, str]) -> AsyncIterator[int]:
    """Open a WebSocket; yield the status of the handshake."""
    try:
        async with connect(url, additional_headers=headers):
            yield 101
    except InvalidStatus as refusal:
        yield refusal.response.status_code
