"""Run the real app with its real server in this process."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import httpx2
from starlette.types import ASGIApp

from service.api.app import create
from service.api.server import config
from service.settings import Settings, load
from service.worker.liveness import Server

NOWHERE = {  # nothing listens on the discard port
    "PGHOST": "127.0.0.1",
    "PGPORT": "9",
    "PGDATABASE": "postgres",
    "PGUSER": "postgres",
    "PGPASSWORD": "pg-hunter2",
    "PGSSLMODE": "disable",
    "VALKEY_HOST": "127.0.0.1",
    "VALKEY_PORT": "9",
    "VALKEY_PASSWORD": "vk-hunter2",
    "VALKEY_SSLMODE": "disable",
}


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app; yield its address, such as `127.0.0.1:4321`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        host, port = listener.getsockname()
        server = Server(config(app, host, port))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            await until(lambda: server.started)
            yield f"{host}:{port}"
            server.stop()


@asynccontextmanager
async def asking(settings: Settings | dict[str, str]) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of an app with these settings."""
    app = create(settings if isinstance(settings, Settings) else load(settings))
    async with (
        served(app) as address,
        httpx2.AsyncClient(base_url=f"http://{address}", timeout=60) as client,
    ):
        yield client


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, by polling; fail after a minute."""
    with anyio.fail_after(60):
        while not condition():  # noqa: ASYNC110 - there is no event
            await anyio.sleep(0.01)
