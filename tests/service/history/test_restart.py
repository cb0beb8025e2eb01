import json
from pathlib import Path
from typing import Any

import pytest
import redis

from local.postgres import Postgres as PostgresServer
from schema.heartbeat import WorkerReport
from tests.service.history_data import connected, rows
from tests.service.processes import Running, running
from tests.service.serving import until

pytestmark = pytest.mark.anyio


def events(worker: Running, name: str) -> list[dict[str, Any]]:
    whole_lines = worker.log.read_text().rpartition("\n")[0].splitlines()
    return [event for event in map(json.loads, whole_lines) if event["event"] == name]


def in_valkey(keys: dict[str, str], key: str) -> str:
    host, port = keys["VALKEY_HOST"], int(keys["VALKEY_PORT"])
    with redis.Redis(host=host, port=port, password=keys["VALKEY_PASSWORD"]) as client:
        return str(client.get(key), "utf-8")


@pytest.mark.usefixtures("migrated")
async def test_a_worker_that_ends_without_postgres_loses_no_cycle(
    database: dict[str, str], keys: dict[str, str], postgres: PostgresServer, tmp_path: Path
) -> None:
    environ = {**database, **keys, "HEARTBEAT_INTERVAL_SECONDS": "0.2"}
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()

    with running("worker", "HEALTH_PORT", environ, folders[0]) as first:
        await until(lambda: len(events(first, "cycle")) >= 5)
        postgres.stop()
        try:
            await until(lambda: bool(events(first, "history_waiting")))
            ran = len(events(first, "cycle"))
            await until(lambda: len(events(first, "cycle")) >= ran + 5)
            report = WorkerReport.model_validate_json(in_valkey(keys, "worker:report"))
        except BaseException:
            postgres.start()
            raise
    postgres.start()
    (spilled,) = events(first, "history_spilled")
    assert report.history_waiting > 0  # the API reports it while PostgreSQL is away
    assert report.history_dropped == 0
    assert events(first, "history_lost") == []
    with running("worker", "HEALTH_PORT", environ, folders[1]) as second:
        await until(lambda: bool(events(second, "history_picked_up")))
        await until(lambda: len(events(second, "cycle")) >= 5)

    cycles = len(events(first, "cycle")) + len(events(second, "cycle"))
    source = connected(database)
    counted = await rows(
        source, "SELECT source, count(*) FROM heartbeat_beats GROUP BY 1 ORDER BY 1"
    )
    longest = await rows(
        source, "SELECT source, missed FROM heartbeat_incidents ORDER BY missed DESC LIMIT 1"
    )
    await source.close()
    assert counted == [("postgres", cycles), ("valkey", cycles)]
    assert [each["records"] for each in events(second, "history_picked_up")] == [spilled["records"]]
    assert longest[0][0] == "postgres"
    assert longest[0][1] >= 5
