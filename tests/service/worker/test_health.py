import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from local.server import free_port
from service.process import ProcessSettings
from service.worker import health
from service.worker.health import Health

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(port: int) -> AsyncIterator[Health]:
    """Run a health port with one route, until the block ends."""
    settings = ProcessSettings.model_validate({"HOST": "127.0.0.1", "HEALTH_PORT": port})
    made = Health(settings, {"/livez": lambda: (200, "text/plain", b"alive")})
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(made.run)
        yield made
        made.stop()
        tasks.cancel_scope.cancel()


async def answer(port: int) -> bytes:
    """Ask until the port is open, and return the whole answer."""
    while True:
        try:
            async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                await stream.send(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return b"".join([part async for part in stream])
        except OSError:
            await anyio.sleep(0.01)


async def test_the_port_opens_when_a_cycle_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "OPENS_AFTER_S", float("inf"))
    port = free_port()

    async with running(port) as made:
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(OSError, match=r"."):
            await anyio.connect_tcp("127.0.0.1", port)

        made.note_cycle()

        assert b"alive" in await answer(port)


async def test_the_port_opens_although_no_cycle_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "OPENS_AFTER_S", 0.0)
    port = free_port()

    async with running(port):
        assert b"alive" in await answer(port)


def test_a_worker_starts_without_the_server_of_its_port_and_without_its_metrics() -> None:
    code = (
        "import sys, service.worker.beat; "
        "print({'uvicorn', 'prometheus_client'} & set(sys.modules) or 'neither')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "neither\n"
