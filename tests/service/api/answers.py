"""Write heartbeats like a worker, and read an app's answers in this process."""

import time
from datetime import datetime
from typing import Any

import anyio
from fastapi.testclient import TestClient

from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.connections import close, connect
from service.settings import Settings
from service.worker.loop import Worker
from tests.service.processes import POLL_S


def beat(settings: Settings) -> datetime:
    """Write one heartbeat to every source as the worker does; return its stamp."""

    async def write() -> datetime:
        sources = connect(settings)
        stamp = utc_now()
        heartbeat = Heartbeat(
            name="worker",
            timestamp=stamp,
            interval_seconds=settings.process.interval_s,
            report=Worker(settings.process, sources).report(stamp),
        )
        for source in sources.values():
            await source.write(heartbeat)
        await close(sources)
        return stamp

    return anyio.run(write)


def get(client: TestClient, path: str, status: int = 200) -> dict[str, Any]:
    """Return the document at a path."""
    response = client.get(path)
    assert response.status_code == status, response.text
    document: dict[str, Any] = response.json()
    return document


def settled(client: TestClient) -> dict[str, Any]:
    """Return the status document once every source has been read or has timed out."""
    while True:
        document = get(client, "/worker/status")
        if all(row["observed_at"] for row in [*document["timestamps"].values(), document["iam"]]):
            return document
        time.sleep(POLL_S)
