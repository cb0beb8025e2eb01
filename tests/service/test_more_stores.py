"""A second PostgreSQL and Valkey, each by one variable, in worker, API, history and metrics."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from local.postgres import Postgres
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service import migrate
from service.connections import close, connect
from service.settings import load
from service.sources import valkey
from tests.conftest import _folder
from tests.platform import emptied
from tests.platform.cluster import CopiedPostgres
from tests.service import tls_servers
from tests.service.configured import settings_of
from tests.service.processes import Running, running
from tests.service.serving import asking

INTERVAL_S = 1
FIRST = {"postgres", "valkey", "secrets_manager"}
ALL = FIRST | {"orders", "cache2"}


@pytest.fixture(scope="module")
def second_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with CopiedPostgres(_folder(tmp_path_factory, "orders")) as server:
        yield server


@pytest.fixture
def orders(second_postgres: Postgres) -> Iterator[Postgres]:
    """The second PostgreSQL with an empty database; a test may stop it."""
    anyio.run(emptied.empty, second_postgres.environment)
    yield second_postgres
    if not second_postgres.process.running:
        second_postgres.start()


@pytest.fixture
def more(
    environ: dict[str, str], orders: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of five stores; the second Valkey uses TLS."""
    netloc = "{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}".format_map(orders.environment)
    identity = tls_servers.certificate("127.0.0.1")
    with tls_servers.redis(_folder(tmp_path_factory, "cache2"), identity) as cache:
        place = "{VALKEY_PASSWORD}@{VALKEY_HOST}:{VALKEY_PORT}".format_map(cache)
        yield environ | {
            "HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S),
            "HEARTBEAT_SOURCE_ORDERS": f"postgresql://{netloc}/{emptied.NAME}?sslmode=disable",
            "HEARTBEAT_SOURCE_CACHE2": f"rediss://:{place}/1?title=Second+cache",
            "HEARTBEAT_SOURCE_CACHE2_CA_CERT": tls_servers.CA.certificate_pem.decode(),
        }


@pytest.fixture
def beating(more: dict[str, str], tmp_path: Path) -> Iterator[tuple[Running, Running]]:
    assert migrate.main(load(more)) == 0  # in this process, which costs less CPU time
    with (
        running("worker", "HEALTH_PORT", more, tmp_path) as worker,
        running("api", "PORT", more, tmp_path) as api,
    ):
        yield worker, api


def test_worker_api_history_and_metrics_include_every_store_and_an_outage_is_one_finding(
    beating: tuple[Running, Running], more: dict[str, str], orders: Postgres
) -> None:
    worker, api = beating
    status = _until(api, lambda found: all(_is_well(found, name) for name in ALL))

    assert list(status["timestamps"]) == [
        *("postgres", "valkey", "secrets_manager"),
        *("cache2", "orders"),
    ]
    assert status["timestamps"]["orders"]["title"] == "Orders"
    assert status["timestamps"]["cache2"]["title"] == "Second cache"
    assert status["timestamps"]["cache2"]["last_result"] == "ok"
    assert _until(api, lambda found: found["in_step"])["diagnosis"]["findings"] == []
    _until_recorded(api)
    both = _get(api, "/db/status")
    assert set(both) == {"postgres", "valkey"}
    assert both["postgres"]["host"] == more["PGHOST"]
    assert both["valkey"]["set_get_ok"]
    for process in (worker, api):
        text = httpx2.get(f"{process.url}/metrics", timeout=60).text
        assert all(f'source="{name}"' in text for name in ALL)

    orders.stop()
    lost = _until(api, lambda found: not _is_well(found, "orders"))
    lost = _until(api, lambda found: found["diagnosis"]["sources"] == ["orders"])

    [finding] = lost["diagnosis"]["findings"]
    assert (finding["code"], finding["sources"]) == ("source_unreachable", ["orders"])
    assert finding["title"].startswith("Orders cannot be")
    assert all(_is_well(lost, name) for name in ALL - {"orders"})
    assert lost["iam"]["status"] == "ok"
    output = worker.log.read_text() + api.log.read_text() + json.dumps(lost)
    assert orders.environment["PGPASSWORD"] not in output
    assert "s3cret" not in output


def test_history_is_kept_in_the_configured_source(more: dict[str, str], tmp_path: Path) -> None:
    environ = more | {"HISTORY_SOURCE": "orders"}
    assert migrate.main(load(environ)) == 0  # in this process, which costs less CPU time

    with (
        running("worker", "HEALTH_PORT", environ, tmp_path),
        running("api", "PORT", environ, tmp_path) as api,
    ):
        _until_recorded(api)
    elsewhere = anyio.run(_history, more)

    assert {each["source"]: _ok(each) for each in elsewhere} == dict.fromkeys(ALL | {"iam"}, 0)


def test_two_databases_are_migrated_by_one_command(
    more: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate.main(load(more)) == 0

    output = capsys.readouterr().out
    assert output.count("migrated") == 2
    assert "migrate_failed" not in output


def test_an_unreachable_database_without_history_does_not_fail_migrate(
    more: dict[str, str], orders: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    orders.stop()

    assert migrate.main(load(more)) == 0
    assert migrate.main(load(more | {"HISTORY_SOURCE": "orders"})) == 1
    assert capsys.readouterr().out.count("migrate_failed") == 2


@pytest.mark.anyio
async def test_a_platforms_urls_reach_the_same_stores(environ: dict[str, str]) -> None:
    user = "{PGUSER}:{PGPASSWORD}".format_map(environ)
    place = "{PGHOST}:{PGPORT}/{PGDATABASE}".format_map(environ)
    cache = ":{VALKEY_PASSWORD}@{VALKEY_HOST}:{VALKEY_PORT}".format_map(environ)
    urls = {
        "DATABASE_URL": f"postgres://{user}@{place}?sslmode=disable",
        "REDIS_URL": f"redis://{cache}",
    }
    stamp = Heartbeat(name="worker", timestamp=utc_now())

    by_url, by_group = connect(load(urls)), connect(load(environ))
    for source in by_url.values():
        assert await source.write(stamp) is None

    assert set(by_url) == {"postgres", "valkey"}
    assert {(await by_group[name].read()).stamp for name in by_url} == {stamp.timestamp}
    await close(by_url)
    await close(by_group)


def test_a_valkey_url_selects_its_own_database(more: dict[str, str]) -> None:
    settings = settings_of({k: v for k, v in more.items() if "CACHE2" in k}, valkey.KIND)

    assert settings.database == 1


def _is_well(status: dict[str, Any], name: str) -> bool:
    row = status["timestamps"][name]
    return bool(row["status"] == "ok" and row["last_update"])


def _until(api: Running, condition: Any) -> dict[str, Any]:
    """Wait for a status document that satisfies a condition; return it."""
    while True:
        found = _get(api, "/worker/status")
        if condition(found):
            return found
        time.sleep(0.2)


def _until_recorded(api: Running) -> None:
    """Wait until the history of every source, including the identity, has a success."""
    while True:
        sources = _get(api, "/history?buckets=1")["sources"]
        if {each["source"] for each in sources if _ok(each)} == ALL | {"iam"}:
            return
        time.sleep(0.2)


async def _history(environ: dict[str, str]) -> list[dict[str, Any]]:
    """Return the history that an API with another environment shows."""
    async with asking(environ) as client:
        answer = (await client.get("/history?buckets=1")).raise_for_status()
    found: list[dict[str, Any]] = answer.json()["sources"]
    return found


def _ok(source: dict[str, Any]) -> int:
    return sum(bucket["ok"] for bucket in source["buckets"])


def _get(api: Running, path: str) -> dict[str, Any]:
    answer = httpx2.get(api.url + path, timeout=60)
    document: dict[str, Any] = answer.json() if answer.status_code == 200 else {"sources": []}
    return document


def test_kinds_that_are_not_configured_load_no_driver() -> None:
    environ = {"PGHOST": "db", "PGDATABASE": "a", "PGUSER": "u", "PGPASSWORD": "p"}
    environ |= {"VALKEY_HOST": "cache", "VALKEY_PASSWORD": "p"}
    code = f"""
import sys
from service.connections import connect
from service.settings import load
connect(load({environ!r}))
print(*sys.modules)
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "service.sources.postgres.store" in loaded
    assert not loaded & {"aiomysql", "pymysql", "botocore", "boto3"}
    assert not loaded & {"service.sources.mysql.store", "service.sources.s3.store"}
