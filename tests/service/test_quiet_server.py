import signal
from collections.abc import AsyncIterator

import anyio
import pytest
import uvicorn
from starlette.applications import Starlette

from local.server import free_port
from service import quiet_server
from service.quiet_server import QuietServer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[QuietServer]:
    """Return a server that waits an hour between its ticks, and runs until it is stopped."""
    monkeypatch.setattr(quiet_server, "TICK_S", 3600.0)
    config = uvicorn.Config(Starlette(), port=free_port(), log_config=None)
    made = QuietServer(config)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(made._serve)
            while not made.started:
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            yield made


async def test_a_server_that_is_stopped_ends_without_its_next_tick(server: QuietServer) -> None:
    server.stop()


async def test_a_signal_ends_a_server_without_its_next_tick(server: QuietServer) -> None:
    server.handle_exit(signal.SIGTERM, None)


async def test_a_server_that_is_stopped_before_its_start_does_not_serve() -> None:
    made = QuietServer(uvicorn.Config(Starlette(), port=free_port(), log_config=None))
    made.stop()

    with anyio.fail_after(60):
        await made._serve()


async def test_answers_have_a_date(server: QuietServer) -> None:
    assert dict(server.server_state.default_headers)[b"date"].endswith(b"GMT")

    server.stop()
