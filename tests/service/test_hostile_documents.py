"""Invalid documents in the stores, while a real API runs and a page is open."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import redis
from anyio import to_thread
from websockets.asyncio.client import ClientConnection, connect

from schema.heartbeat import Heartbeat, WorkerReport
from schema.timestamps import utc_now
from service.connections import close
from service.connections import connect as connect_sources
from service.settings import load
from service.source import Source
from service.sources.postgres.store import Postgres
from service.sql.statement import Statement
from tests.service.processes import Running, running

pytestmark = pytest.mark.anyio

MOST_S = 60.0


@pytest.fixture
def stores(database: dict[str, str], keys: dict[str, str]) -> dict[str, str]:
    return database | keys


def beat() -> Heartbeat:
    """Make a stamp with a report, as a worker does."""
    now = utc_now()
    report = WorkerReport(id="w", version="1", started_at=now, interval_seconds=60, next_due=now)
    return Heartbeat(name="worker", timestamp=now, report=report)


@asynccontextmanager
async def stamped(environ: Mapping[str, str]) -> AsyncIterator[dict[str, Source]]:
    """Provide both stores, with a stamp and a report."""
    sources = connect_sources(load(environ))
    postgres = sources["postgres"]
    assert isinstance(postgres, Postgres)
    await postgres.migrate()
    for source in sources.values():
        await source.write(beat())
    try:
        yield sources
    finally:
        await close(sources)


async def infinity(sources: dict[str, Source], environ: Mapping[str, str]) -> None:  # noqa: ARG001
    """Replace the timestamp by infinity, beside a report."""
    postgres = sources["postgres"]
    assert isinstance(postgres, Postgres)
    async with postgres.connection() as connection:
        await connection.rows(Statement("UPDATE last_update SET timestamp = 'infinity'"))


async def endless(sources: dict[str, Source], environ: Mapping[str, str]) -> None:  # noqa: ARG001
    """Replace the report's interval by an enormous one."""

    def change() -> None:
        host, port = environ["VALKEY_HOST"], int(environ["VALKEY_PORT"])
        with redis.Redis(host=host, port=port, password=environ["VALKEY_PASSWORD"]) as client:
            report = json.loads(str(client.get("worker:report"), "utf-8"))
            client.set("worker:report", json.dumps({**report, "interval_seconds": 1e300}))

    await to_thread.run_sync(change)


@pytest.mark.parametrize(("spoil", "name"), [(infinity, "postgres"), (endless, "valkey")])
async def test_an_impossible_document_affects_only_its_own_row(
    stores: dict[str, str], tmp_path: Path, spoil: Any, name: str
) -> None:
    async with stamped(stores) as sources:
        with running("api", "PORT", stores, tmp_path) as api:
            address = api.url.replace("http", "ws", 1) + "/ws"
            async with connect(address) as page:
                await until(page, name, None)

                await spoil(sources, stores)
                await until(page, name, "invalid_data")
                await other_answers(api, name)

                for source in sources.values():
                    await source.write(beat())
                await until(page, name, None)
                await other_answers(api, None)


async def until(page: ClientConnection, name: str, error: str | None) -> None:
    """Wait until the page has a row that has been read, with this error."""
    with anyio.fail_after(MOST_S):
        while True:
            row = json.loads(await page.recv())["timestamps"][name]
            if row["observed_at"] is not None and row["error"] == error:
                return


async def other_answers(api: Running, spoiled: str | None) -> None:
    """Check that the other endpoints agree with the page, and that the process runs."""
    async with httpx2.AsyncClient(base_url=api.url, timeout=MOST_S) as client:
        rows = (await client.get("/worker/status")).raise_for_status().json()["timestamps"]
        health = await client.get("/worker/health")
        alive = await client.get("/livez")

    errors = {name: row["error"] for name, row in rows.items() if row["endpoint"]}
    assert errors == {n: "invalid_data" if n == spoiled else None for n in ("postgres", "valkey")}
    assert health.status_code == (503 if spoiled else 200)
    assert alive.status_code == 200
    assert api.process.running
