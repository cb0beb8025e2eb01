"""Stores that refuse, hang, slow down or cut delay neither other stores nor the shutdown."""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from anyio.from_thread import start_blocking_portal

from local.aws.environment import BUCKET
from local.aws.process import RunningAws
from local.proxy import Mode, Proxy, serving
from local.server import free_port
from schema.heartbeat import Heartbeat
from schema.migrations import ADVISORY_LOCK
from schema.timestamps import utc_now
from service.connections import close, connect
from service.history.spill import Spill
from service.outcome import Outcome
from service.settings import load
from service.source import Source
from service.sources.postgres.store import Postgres
from service.sources.valkey.store import Valkey
from service.sql.statement import Statement
from service.worker.cycle import stamp_all
from tests.platform import admin
from tests.service.mariadb import MariaDb
from tests.service.processes import IMAGE

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
LONG_S = 120.0  # a deadline that no test reaches
BEATS = Statement("SELECT source, slot FROM heartbeat_beats")
Line = dict[str, object]
PROXIED = {"postgres": "PGPORT", "valkey": "VALKEY_PORT"}


@dataclass(frozen=True)
class Stores:
    """All sources, with PostgreSQL and Valkey behind proxies."""

    sources: dict[str, Source]
    proxies: dict[str, Proxy]


@asynccontextmanager
async def proxied(environ: dict[str, str]) -> AsyncIterator[Stores]:
    """Yield the stores, stamped once, so that connections are open."""
    proxies = {name: Proxy(int(environ[variable])) for name, variable in PROXIED.items()}
    ports = {PROXIED[name]: str(proxy.port) for name, proxy in proxies.items()}
    async with serving(*proxies.values()):
        sources = connect(load(environ | ports))
        await stamp_all(sources, beat(), LONG_S)
        yield Stores(sources, proxies)
        await close(sources)


def beat() -> Heartbeat:
    return Heartbeat(name="worker", timestamp=utc_now())


async def stamped(
    sources: dict[str, Source], spoiled: set[str], heal: Callable[[], Awaitable[None]]
) -> list[Outcome]:
    """Stamp all sources, and repair the faulty ones once all others have the stamp.

    If a healthy source waited for a faulty one, this would never return.
    """
    heartbeat = beat()
    outcomes: list[Outcome] = []

    async def stamp() -> None:
        outcomes.extend(await stamp_all(sources, heartbeat, LONG_S))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stamp)
        for name in set(sources) - spoiled - {"iam"}:
            while (await sources[name].read()).stamp != heartbeat.timestamp:
                await anyio.lowlevel.checkpoint()
        assert outcomes == []
        await heal()
    for name in set(sources) - {"iam"}:
        assert (await sources[name].read()).stamp == heartbeat.timestamp
    return outcomes


@pytest.mark.parametrize("store", PROXIED)
@pytest.mark.parametrize("mode", [Mode.REFUSE, Mode.HANG, Mode.SLOW, Mode.CUT])
async def test_a_faulty_store_delays_no_other_source_and_is_stamped_after_it_recovers(
    environ: dict[str, str], store: str, mode: Mode
) -> None:
    async with proxied(environ) as stores:
        proxy = stores.proxies[store]
        await proxy.switch(mode, latency_s=1.5)

        outcomes = await stamped(stores.sources, {store}, lambda: proxy.switch(Mode.PASS))

    assert [outcome.result for outcome in outcomes] == ["ok"] * 4


@pytest.mark.parametrize("store", ["mysql", "s3"])
@pytest.mark.parametrize("mode", [Mode.REFUSE, Mode.HANG, Mode.SLOW, Mode.CUT])
async def test_a_faulty_mysql_or_s3_delays_no_other_source_and_is_stamped_after_it_recovers(
    environ: dict[str, str], aws: RunningAws, mariadb: MariaDb, store: str, mode: Mode
) -> None:
    ports = {"mysql": mariadb.port, "s3": aws.port}
    proxy = Proxy(ports[store])
    async with serving(proxy):
        ports[store] = proxy.port
        login = mariadb.url("DISABLED").replace(f":{mariadb.port}/", f":{ports['mysql']}/")
        bucket = f"s3://{BUCKET}?endpoint=https://127.0.0.1:{ports['s3']}"
        more = {"HEARTBEAT_SOURCE_MYSQL": login, "HEARTBEAT_SOURCE_S3": bucket}
        sources = connect(load(environ | more))
        await stamp_all(sources, beat(), LONG_S)
        await proxy.switch(mode, latency_s=1.5)

        outcomes = await stamped(sources, {store}, lambda: proxy.switch(Mode.PASS))

        await close(sources)
    assert [outcome.result for outcome in outcomes] == ["ok"] * 6


@pytest.mark.parametrize("fault", ["hang", "cut"])
async def test_a_faulty_aws_delays_no_other_source_and_is_stamped_after_it_recovers(
    environ: dict[str, str], aws: RunningAws, fault: str
) -> None:
    async with proxied(environ) as stores:
        getattr(aws.control, fault)()

        async def heal() -> None:
            aws.control.clear()

        outcomes = await stamped(stores.sources, {"secrets_manager", "iam"}, heal)

    assert [outcome.result for outcome in outcomes] == ["ok"] * 4


async def test_a_migration_that_waits_for_its_lock_delays_no_other_source(
    environ: dict[str, str],
) -> None:
    holder = await admin.postgres(environ)
    await holder.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
    sources = connect(load(environ))

    outcomes = await stamped(sources, {"postgres"}, holder.close)

    assert [outcome.result for outcome in outcomes] == ["ok"] * 4
    await close(sources)


@pytest.mark.parametrize(
    ("spoiled", "mode"),
    [
        (["postgres"], Mode.REFUSE),
        (["postgres"], Mode.HANG),
        (["postgres"], Mode.SLOW),
        (["postgres"], Mode.CUT),
        (["valkey"], Mode.HANG),
        (["aws"], Mode.HANG),
        (["postgres", "valkey", "aws"], Mode.HANG),
    ],
)
def test_a_signal_ends_a_worker_with_0_during_any_outage_and_lost_history_is_logged(
    environ: dict[str, str], aws: RunningAws, spoiled: list[str], mode: Mode
) -> None:
    anyio.run(migrate, environ)  # as a deployment does
    with start_blocking_portal() as portal:
        proxies = {name: portal.call(Proxy, int(environ[each])) for name, each in PROXIED.items()}
        with portal.wrap_async_context_manager(serving(*proxies.values())):
            ports = {PROXIED[name]: str(proxy.port) for name, proxy in proxies.items()}
            process = worker(environ | ports)
            lines: list[Line] = []
            try:
                wait_for(process, "cycle", lines)
                for name in set(spoiled) & set(proxies):
                    portal.call(proxies[name].switch, mode)
                if "aws" in spoiled:
                    aws.control.hang()
                wait_for(process, "cycle", lines)
                process.send_signal(signal.SIGTERM)
                wait_for(process, "worker_stopped", lines)
                last_words = process.stdout.read() if process.stdout else ""
                status = process.wait(timeout=60)
            finally:
                aws.control.clear()
                process.kill()
                process.communicate()

    assert status == 0
    kept = anyio.run(kept_slots, environ)
    # A write that the worker's own later one has superseded has no outcome.
    outcomes = [value for line in lines for value in line.values() if isinstance(value, dict)]
    assert len(outcomes) > 4
    assert len(kept) == len(outcomes) or "history_lost" in last_words
    assert ("history_lost" in last_words) == (spoiled == ["postgres", "valkey", "aws"])


async def migrate(environ: dict[str, str]) -> None:
    """Bring the database to this version's schema."""
    async with stores_of(environ) as (postgres, _):
        await postgres.migrate()


async def kept_slots(environ: dict[str, str]) -> set[tuple[str, datetime]]:
    """Return source and slot of every outcome in PostgreSQL, or waiting in Valkey."""
    async with stores_of(environ) as (postgres, valkey):
        async with postgres.connection() as connection:
            rows = await connection.rows(BEATS)
        spilled = await Spill(valkey, "worker").first(1000)
    records = [entry.record for entry in spilled if entry.record]
    return {(row.source, row.slot) for row in rows} | {(r.source, r.slot) for r in records}


@asynccontextmanager
async def stores_of(environ: dict[str, str]) -> AsyncIterator[tuple[Postgres, Valkey]]:
    """Yield PostgreSQL and Valkey without proxies."""
    sources = connect(load(environ))
    postgres, valkey = sources["postgres"], sources["valkey"]
    assert isinstance(postgres, Postgres)
    assert isinstance(valkey, Valkey)
    try:
        yield postgres, valkey
    finally:
        await close(sources)


def worker(environ: dict[str, str]) -> subprocess.Popen[str]:
    variables = {"HEALTH_PORT": str(free_port()), "HEARTBEAT_INTERVAL_SECONDS": "2"}
    return subprocess.Popen(
        [sys.executable, "-m", "service", "worker"],
        env=IMAGE | environ | variables,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], event: str, lines: list[Line]) -> None:
    """Read a process's log until an event; add the lines of cycles to `lines`."""
    assert process.stdout is not None
    for text in process.stdout:
        line: Line = json.loads(text)
        if line["event"] == "cycle":
            lines.append(line)
        if line["event"] == event:
            return
    pytest.fail(f"the process ended without {event}")
