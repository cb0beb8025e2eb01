"""The documented permissions suffice for everything that Heartbeat does."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import asyncpg
import httpx2
import pytest
import redis

from schema.alerts import AlertEvent, EventKind
from schema.findings import FindingCode, Severity
from schema.heartbeat import Heartbeat
from schema.history import Record
from schema.timestamps import utc_now
from service.alerts import ledger as alerts_ledger
from service.alerts import spill as alerts_spill
from service.alerts.deliveries import Delivery, Settlement
from service.alerts.mutes import Mute
from service.alerts.state import State
from service.connections import close, connect
from service.history.ledger import Ledger
from service.history.spill import Spill
from service.lease.database import DatabaseLease
from service.lease.keys import ValkeyLease
from service.lease.task import LeaseTask
from service.lease.terms import Terms
from service.settings import load
from service.source import Database, Keys
from tests.docs.pages import Page
from tests.service.processes import running

pytestmark = pytest.mark.anyio
SECTION = (
    Path(__file__).parents[2].joinpath("docs/settings.md").read_text().split("## Permissions")[1]
)
SQL = SECTION.split("```sql")[1].split("```")[0]
ACL = SECTION.split("```text")[1].split("```")[0].strip()
PASSWORD = "PASSWORD"
TARGET = f"webhook+http://127.0.0.1:9/x?secret=whsec_{base64.b64encode(bytes(24)).decode()}"
# What a connection begins with, or a database other than 0: which of them depends on the driver.
ALWAYS = {"auth", "hello", "select", "client|setinfo"}


def test_the_docs_have_the_section() -> None:
    assert "Permissions" in Page("docs/settings.md").text


@pytest.fixture
async def environ(postgres: Any, valkey: Any) -> AsyncIterator[dict[str, str]]:
    """The stores with Heartbeat's own database and user."""
    admin = dict(postgres.environment) | dict(valkey.environment)
    await _run(admin, "DROP DATABASE IF EXISTS permitted WITH (FORCE)")
    await _run(admin, "CREATE DATABASE permitted")
    await _run(admin | {"PGDATABASE": "permitted"}, SQL)
    port, password = int(admin["VALKEY_PORT"]), admin.get("VALKEY_PASSWORD")
    with redis.Redis(host=admin["VALKEY_HOST"], port=port, password=password) as client:
        untyped: Any = client  # redis-py's method has no types
        untyped.execute_command(*ACL.split())
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


async def do_everything(environ: dict[str, str]) -> None:
    """Migrate, stamp, read, and keep history, alerts and a lease."""
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
        await keep_history(postgres.database, valkey.keys)
        await keep_alerts(postgres.database, valkey.keys)
        await lead(postgres.database, valkey.keys)
    finally:
        await close(sources)


async def keep_history(database: Database, keys: Keys) -> None:
    """Perform every operation of history in the stores."""
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
    spill, ledger = Spill(keys, "worker"), Ledger(database, "worker")
    await spill.add([record])
    async with keys.commands() as client:
        kept: Any = client.rpush(spill.key, "x" * 100_000)  # foreign, and too long
        await kept
    assert await spill.drop_oversized() == 1
    entries = await spill.first(10)
    await ledger.add([entry.record for entry in entries if entry.record])
    await spill.remove(entries)
    await ledger.repair()
    await ledger.count(now)
    await ledger.prune(now + timedelta(days=1), timedelta(days=9))


async def keep_alerts(database: Database, keys: Keys) -> None:
    """Perform every operation of alerts in the stores."""
    now = utc_now()
    event = AlertEvent(
        id=uuid4(),
        kind=EventKind.OPENED,
        alert_id=uuid4(),
        alert_key="source_unreachable",
        at=now,
        deployment="worker",
        severity=Severity.ERROR,
        code=FindingCode.SOURCE_UNREACHABLE,
        sources=["valkey"],
        title="Valkey cannot be reached",
        remedy=None,
        runbook="source_unreachable",
        began=now,
        ended=None,
    )
    delivery = Delivery(event=event, target="a-target", created=now)
    mute = Mute(id=uuid4(), sources=(), reason="a test", began=now, until=now)
    spill, ledger = alerts_spill.Spill(keys, "worker"), alerts_ledger.Ledger(database, "worker")
    for store in (spill, ledger):
        await store.mute(mute)
        await store.mutes()
        await store.peek()
    stood = await ledger.claim_lease("me", 30.0)
    await ledger.save("me", stood.seq, stood.seq + 1, State(), [delivery])
    await ledger.merge([delivery])
    claimed = await ledger.claim("a-target", 30.0)
    assert claimed is not None
    await ledger.settle(Settlement(claimed, wait_s=1.0))
    await ledger.waiting()
    await ledger.summaries()
    await ledger.recent(now - timedelta(days=1), 10)
    await ledger.resend()
    await ledger.prune()
    await ledger.release("me")
    await spill.claim_lease("me", 30.0, overrides=False)
    await spill.save(1, State())
    await spill.put([delivery])
    await spill.remove(await spill.all())
    await spill.release("me")


async def lead(database: Database, keys: Keys) -> None:
    """Perform every operation of a worker's lease in the stores."""
    task = LeaseTask("worker", "worker:permitted", "me", Terms.of(60.0))
    in_database, in_keys = DatabaseLease(database, task), ValkeyLease(keys, task)
    await in_database.claim(0)
    await in_database.look()
    await in_database.stand_by()
    await in_database.leave()
    await in_database.release()
    for overrides in (False, True):
        await in_keys.claim(0, overrides=overrides)
    await in_keys.stand_by()
    await in_keys.release()


async def test_worker_and_api_run_with_the_documented_permissions(
    environ: dict[str, str], tmp_path: Path
) -> None:
    more = {"HEARTBEAT_INTERVAL_SECONDS": "1", "ALERT_TARGETS": TARGET}
    variables = {**environ, **more, "LOG_LEVEL": "DEBUG"}
    with (
        running("worker", "HEALTH_PORT", variables, tmp_path) as worker,
        running("api", "PORT", variables, tmp_path) as api,
    ):
        status = await until_ok(api.url)
        for path in ("history?range=24h", "incidents?range=24h", "alerts", "db/status", "readyz"):
            httpx2.get(f"{api.url}/{path}", timeout=60).raise_for_status()

    assert status["diagnosis"]["code"] == "healthy"
    for log in (worker.log, api.log):
        assert "permission" not in log.read_text()
        assert "NOPERM" not in log.read_text()


async def until_ok(url: str) -> dict[str, Any]:
    """Wait until the verdict is ok, which needs every permission."""
    with anyio.fail_after(60):
        while True:
            status: dict[str, Any] = httpx2.get(f"{url}/worker/status", timeout=60).json()
            if status["overall_status"] == "ok":
                return status
            await anyio.sleep(0.1)


async def test_the_documented_permissions_suffice_and_include_no_unused_command(
    environ: dict[str, str], valkey: Any
) -> None:
    admin = dict(valkey.environment)
    port, password = int(admin["VALKEY_PORT"]), admin.get("VALKEY_PASSWORD")
    with redis.Redis(host=admin["VALKEY_HOST"], port=port, password=password) as client:
        client.script_flush()  # so that scripts are sent and not only named
        client.config_resetstat()
        await do_everything(environ)
        used: Any = client.info("commandstats")

    allowed = {word[1:] for word in ACL.split() if word.startswith("+")}
    ours = {name.removeprefix("cmdstat_") for name in used} - {"info", "config|resetstat"}
    assert ours - ALWAYS == allowed - ALWAYS
