"""The documented permissions suffice for everything that Heartbeat does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from schema.heartbeat import Heartbeat
from schema.history import Record
from schema.timestamps import utc_now
from service.connections import close, connect
from service.history.ledger import Ledger
from service.history.spill import Spill
from service.settings import load
from tests.docs.pages import Page

pytestmark = pytest.mark.anyio
SECTION = (
    Path(__file__).parents[2].joinpath("docs/settings.md").read_text().split("## Permissions")[1]
)
SQL = SECTION.split("```sql")[1].split("```")[0]
ACL = SECTION.split("```text")[1].split("```")[0].strip()
PASSWORD = "PASSWORD"


def test_the_docs_have_the_section() -> None:
    assert "Permissions" in Page("docs/settings.md").text


@pytest.fixture
async def environ(postgres: Any, valkey: Any) -> AsyncIterator[dict[str, str]]:
    """The stores with a database and a user of Heartbeat's own."""
    admin = dict(postgres.environment) | dict(valkey.environment)
    await _run(admin, "DROP DATABASE IF EXISTS permitted WITH (FORCE)")
    await _run(admin, "CREATE DATABASE permitted")
    await _run(admin | {"PGDATABASE": "permitted"}, SQL)
    port, password = int(admin["VALKEY_PORT"]), admin.get("VALKEY_PASSWORD")
    with redis.Redis(host=admin["VALKEY_HOST"], port=port, password=password) as client:
        ask: Any = client  # redis-py's method has no types
        ask.execute_command(*ACL.split())
        yield admin | {
            "PGDATABASE": "permitted",
            "PGUSER": "heartbeat_app",
            "PGPASSWORD": PASSWORD,
            "VALKEY_USER": "heartbeat_app",
            "VALKEY_PASSWORD": PASSWORD,
        }
        client.acl_deluser("heartbeat_app")
    await _run(admin, "DROP DATABASE permitted WITH (FORCE)")
    await _run(admin, "DROP ROLE heartbeat_app")


async def _run(environ: dict[str, str], sql: str) -> None:
    connection = await asyncpg.connect(**_postgres(environ))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _postgres(environ: dict[str, str]) -> dict[str, Any]:
    return {
        "host": environ["PGHOST"],
        "port": int(environ["PGPORT"]),
        "user": environ["PGUSER"],
        "password": environ["PGPASSWORD"],
        "database": environ["PGDATABASE"],
        "ssl": False,
    }


async def test_with_exactly_these_it_migrates_stamps_reads_and_keeps_history(
    environ: dict[str, str],
) -> None:
    sources = connect(load(environ))
    postgres, valkey = sources["postgres"], sources["valkey"]
    assert postgres.database is not None
    assert valkey.keys is not None
    stamp = Heartbeat(name="worker", timestamp=utc_now())
    try:
        await postgres.database.migrate()
        for source in (postgres, valkey):
            assert await source.write(stamp) is None
            found = await source.read()
            assert (found.stamp, found.error) == (stamp.timestamp, None)
        now = utc_now()
        record = Record(
            source="postgres",
            slot=now,
            interval_seconds=60.0,
            stamp=now,
            error=None,
            attempts=1,
            latency_ms=1.0,
        )
        spill, ledger = Spill(valkey.keys, "worker"), Ledger(postgres.database, "worker")
        await spill.add([record])
        assert await spill.drop_oversized() == 0
        entries = await spill.first(10)
        await ledger.add([entry.record for entry in entries if entry.record])
        await spill.remove(entries)
        await ledger.repair()
        await ledger.count(now)
        await ledger.prune(now + timedelta(days=1), timedelta(days=9))
    finally:
        await close(sources)
