"""A further kind of store needs only one new file and one entry in `KINDS`.

Everything runs in a copy of the repository with just these changes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from playwright.sync_api import expect

from service.api.client import client
from tests import fourth_source
from tests.platform import admin
from tests.service.processes import Running, running
from tests.web.browser import chromium

ROOT = Path(__file__).parents[1]
COPIED = ("schema", "service", "local", "web", "tests", "pyproject.toml")
LINE = "postgres.KIND,\n"
ENTRY = "    orders.KIND,\n"
INTERVAL_S = 1


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the fourth source."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        path = ROOT / name
        if path.is_dir():
            # With the compiled modules, except those that another process writes now.
            shutil.copytree(path, root / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(path, root)
    sources = root / "service" / "sources"
    shutil.copy(fourth_source.__file__, sources / "orders.py")
    registry = sources / "__init__.py"
    text = registry.read_text()
    assert text.count(LINE) == 1
    text = text.replace("import iam, ", "import iam, orders, ")
    registry.write_text(text.replace(LINE, LINE + ENTRY))
    return root


@pytest.fixture
def both(environ: dict[str, str]) -> dict[str, str]:
    """The environment of all four sources, with an empty database of orders."""
    anyio.run(_make_database, environ)
    netloc = "{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}".format_map(environ)
    url = f"orders://{netloc}/orders?sslmode=disable"
    return environ | {"HEARTBEAT_SOURCE_ORDERS": url}


@pytest.fixture
def beating(both: dict[str, str], copy: Path, tmp_path: Path) -> Iterator[tuple[Running, Running]]:
    """Run worker and API of the copy."""
    environ = both | {"HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S)}
    with (
        running("worker", "HEALTH_PORT", environ, tmp_path, root=copy) as worker,
        running("api", "PORT", environ, tmp_path, root=copy) as api,
    ):
        yield worker, api


def test_the_contract_covers_the_fourth_source(both: dict[str, str], copy: Path) -> None:
    contract = copy / "tests" / "service" / "sources" / "test_contract.py"
    environ = {
        **os.environ,
        **{name: value for name, value in both.items() if name.startswith("HEARTBEAT_SOURCE_")},
        "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    plugins = ["-p", "anyio", "-p", "pytest_timeout", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugins, "-v", "-k", "orders or memory"]

    done = subprocess.run(
        [*command, str(contract)],
        cwd=copy,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("[orders] PASSED") == done.stdout.count("[memory] PASSED") > 0


@pytest.mark.usefixtures("migrated")
def test_worker_api_history_metrics_and_page_show_the_fourth_source(
    beating: tuple[Running, Running], both: dict[str, str], copy: Path
) -> None:
    worker, api = beating
    row = _until_written(api.url)

    assert row["title"] == "Orders"
    assert row["endpoint"] == both["PGHOST"]
    assert row["last_result"] == "ok"
    assert row["breaker"] == "closed"
    cycles = [json.loads(line) for line in worker.log.read_text().splitlines() if '"cycle"' in line]
    assert cycles[-1]["orders"]["result"] == "ok"
    sources = [each["source"] for each in _get(api.url, "/history")["sources"]]
    assert sources == ["postgres", "valkey", "secrets_manager", "orders", "iam"]
    assert _get(api.url, "/incidents?source=orders")["incidents"] == []
    for url in (worker.url, api.url):
        assert 'source="orders"' in httpx2.get(f"{url}/metrics").text
    # The page's client is unchanged, because names of sources are data.
    assert client(_get(api.url, "/openapi.json")) == (copy / "web" / "client.js").read_text()
    with chromium() as browser:
        page = browser.new_page()
        page.goto(api.url)
        expect(page.locator("[data-source=orders]")).to_have_attribute("data-freshness", "fresh")
        expect(page.locator("[data-source=orders]")).to_contain_text("Orders")
    assert _check(both, copy) == ["PostgreSQL", "Valkey", "AWS Secrets Manager", "Orders"]


def _until_written(url: str) -> dict[str, Any]:
    """Return the source's row once it has history."""
    while True:
        answer = httpx2.get(f"{url}/history?source=orders&buckets=1", timeout=20)
        row: dict[str, Any] = _get(url, "/worker/status")["timestamps"]["orders"]
        buckets = answer.json()["sources"][0]["buckets"] if answer.is_success else []
        if row["freshness"] == "fresh" and sum(bucket["ok"] for bucket in buckets):
            return row


def _get(url: str, path: str) -> dict[str, Any]:
    answer = httpx2.get(url + path, timeout=20).raise_for_status()
    document: dict[str, Any] = answer.json()
    return document


def _check(environ: dict[str, str], copy: Path) -> list[str]:
    """Return the titles that the check command prints, in order."""
    done = subprocess.run(
        [sys.executable, "-m", "service", "check"],
        cwd=copy,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,  # what it thinks of stamps that are a second apart is another test's
    )
    return [title for line in done.stdout.splitlines() for title in _titles(line)]


def _titles(line: str) -> list[str]:
    titles = ("PostgreSQL", "Orders", "Valkey", "AWS Secrets Manager")
    return [title for title in titles if line.lstrip().startswith(title)]


async def _make_database(environ: dict[str, str]) -> None:
    connection = await admin.postgres(environ, "postgres")
    try:
        await connection.execute("DROP DATABASE IF EXISTS orders WITH (FORCE)")
        await connection.execute("CREATE DATABASE orders")
    finally:
        await connection.close()
