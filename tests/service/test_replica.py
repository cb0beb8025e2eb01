"""The API reports a PostgreSQL replica's lag, outage and promotion."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from local.proxy import Proxy, serving
from service.sources import postgres
from tests.conftest import _folder
from tests.platform import admin
from tests.platform.replica import Primary, Standby, streaming
from tests.service.configured import settings_of
from tests.service.processes import Running, running
from tests.service.serving import asking
from tests.service.upgraded import upgraded

pytestmark = pytest.mark.anyio

INTERVAL_S = 2
PATIENCE_S = 60.0  # a bound for a hang

Row = dict[str, Any]  # Any: JSON


@pytest.fixture
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Primary, Standby]]:
    with streaming(_folder(tmp_path_factory, "pair")) as servers:
        yield servers


async def until(client: httpx2.AsyncClient, seen: Callable[[Row], bool]) -> Row:
    """Wait for a state of PostgreSQL's row, and return the row."""
    with anyio.fail_after(PATIENCE_S):
        while True:
            status = (await client.get("/worker/status")).json()
            row: Row = status["timestamps"]["postgres"] | {"diagnosis": status["diagnosis"]}
            if seen(row):
                return row
            await anyio.sleep(0.1)


def is_well(row: Row) -> bool:
    replica = row["replica"]
    return replica is not None and replica["failing_since"] is None and row["freshness"] == "fresh"


def codes(row: Row) -> list[str]:
    return [finding["code"] for finding in row["diagnosis"]["findings"]]


async def execute(server: Primary, statement: str) -> None:
    connection = await admin.postgres(server.environment)
    await connection.execute(statement)
    await connection.close()


def lines(worker: Running, event: str) -> list[str]:
    return [line for line in worker.log.read_text().splitlines() if f'"{event}"' in line]


async def test_a_replicas_lag_outage_and_promotion_are_reported(
    pair: tuple[Primary, Standby], tmp_path: Path
) -> None:
    primary, standby = pair
    proxy = Proxy(int(primary.environment["PGPORT"]))  # the name that leads to the primary
    environ = {
        **primary.environment,
        "PGPORT": str(proxy.port),
        "PGREADHOST": standby.environment["PGHOST"],
        "PGREADPORT": standby.environment["PGPORT"],
        "HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S),
        "LOG_FORMAT": "json",
    }
    await upgraded(settings_of(primary.environment, postgres.KIND), 60.0)
    async with serving(proxy), asking(environ) as client:
        with running("worker", "HEALTH_PORT", environ, tmp_path) as worker:
            row = await until(client, is_well)
            assert row["replica"]["lag_seconds"] >= 0
            assert row["replica"]["endpoint"] == "127.0.0.1"
            assert row["promoted_at"] is None
            assert codes(row) == []

            # It stops replaying.
            await execute(standby, "SELECT pg_wal_replay_pause()")
            row = await until(client, lambda row: "replica_behind" in codes(row))
            assert row["diagnosis"]["findings"][0]["severity"] == "degraded"
            assert "PostgreSQL's replica is behind" in row["diagnosis"]["findings"][0]["title"]
            assert row["replica"]["lag_seconds"] > INTERVAL_S / 2
            metrics = (await client.get("/metrics")).text
            assert 'heartbeat_worker_replica_ok{name="worker",source="postgres"} 0.0' in metrics
            await execute(standby, "SELECT pg_wal_replay_resume()")
            await until(client, is_well)
            assert lines(worker, "replica_late")
            assert lines(worker, "replica_caught_up")

            # It is promoted, and the name leads to it.
            await anyio.to_thread.run_sync(primary.stop)
            await standby.promote()
            proxy.target_port = int(standby.environment["PGPORT"])
            row = await until(client, lambda row: row["promoted_at"] is not None)
            assert len(lines(worker, "server_promoted")) == 1

            past = (await client.get("/incidents")).json()["incidents"]
            (moment,) = [each for each in past if each["kind"] == "promoted"]
            assert (moment["source"], moment["title"]) == ("postgres.server", "PostgreSQL")
            assert moment["start"] == moment["end"]
            found = (await client.get("/history")).json()["sources"]
            (replica,) = [each for each in found if each["source"] == "postgres.replica"]
            assert replica["title"] == "PostgreSQL's replica"
            assert replica["ok"] >= 2
            assert replica["failed"] >= 1
