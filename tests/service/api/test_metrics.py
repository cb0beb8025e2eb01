import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import yaml
from anyio import Event
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import (
    Breaker,
    Heartbeat,
    IamReport,
    SourceReport,
    Standing,
    WorkerReport,
)
from schema.status import Overall
from schema.timestamps import utc_now
from service import connections
from service.alerts.senders import make
from service.api.app import create
from service.errors import SourceError
from service.process import ProcessSettings
from service.settings import load
from service.worker.loop import Worker
from service.worker.metrics import WorkerMetrics
from tests.fakes import MemorySource
from tests.service.alerts.deployment import SIGNED
from tests.service.processes import ROOT, running
from tests.service.serving import NOWHERE, asking, served, until

pytestmark = pytest.mark.anyio

MONITORING = ROOT / "monitoring"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Return every sample by its name and labels."""
    found = [each for family in text_string_to_metric_families(text) for each in family.samples]
    assert {each.labels.pop("name") for each in found} == {"worker"}  # HEARTBEAT_NAME's default
    return {(each.name, frozenset(each.labels.items())): each.value for each in found}


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


async def scraped(client: httpx2.AsyncClient) -> Samples:
    return samples((await client.get("/metrics")).raise_for_status().text)


@pytest.fixture
async def client(environ: dict[str, str]) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an API on stores with a stamp, and with the report of a worker with errors."""
    report = WorkerReport(
        id="worker-1",
        version="9.8.7",
        started_at=utc_now(),
        interval_seconds=60,
        next_due=utc_now(),
        cycles=42,
        sources={
            "postgres": SourceReport(last_result="ok", latency_ms=2, last_success=utc_now()),
            "valkey": SourceReport(
                last_result=ErrorWord.FULL, consecutive_failures=3, breaker=Breaker.OPEN
            ),
        },
        iam=IamReport(last_result="ok", credentials_expiry=utc_now(), certificate_expiry=utc_now()),
        aws_calls=7,
        aws_throttles=1,
        value_writes_24h=5,
        history_waiting=3,
        history_dropped=2,
        standing=Standing.DATABASE,
        lease_token=4,
        standbys=("worker-2",),
    )
    sources = connections.connect(load(environ))
    for source in sources.values():
        await source.write(Heartbeat(name="worker", timestamp=utc_now(), report=report))
    await connections.close(sources)
    async with asking(environ) as client:
        await client.get("/worker/status")
        yield client


async def test_each_source_has_age_freshness_and_error(client: httpx2.AsyncClient) -> None:
    found = await scraped(client)

    for source in ("postgres", "valkey", "secrets_manager", "iam"):
        assert 0 <= value(found, "heartbeat_age_seconds", source=source) < 60
        assert value(found, "heartbeat_freshness", source=source, freshness="fresh") == 1
        assert value(found, "heartbeat_freshness", source=source, freshness="stale") == 0
        assert value(found, "heartbeat_error", source=source, word="timeout") == 0
        assert value(found, "heartbeat_read_duration_seconds", source=source) > 0
        assert value(found, "heartbeat_reads_total", source=source) == 1
    assert value(found, "heartbeat_interval_seconds") == 60
    assert value(found, "heartbeat_api_aws_calls_total", operation="CreateSession") == 1


async def test_the_metrics_of_a_worker_are_those_of_its_report(client: httpx2.AsyncClient) -> None:
    found = await scraped(client)

    assert value(found, "heartbeat_worker_info", version="9.8.7") == 1
    assert value(found, "heartbeat_worker_cycles_total") == 42
    assert value(found, "heartbeat_worker_value_writes_24h") == 5
    assert value(found, "heartbeat_worker_history_waiting_rows") == 3
    assert value(found, "heartbeat_worker_history_dropped_rows_total") == 2
    assert value(found, "heartbeat_worker_standing", standing="database") == 1
    assert value(found, "heartbeat_worker_standing", standing="standby") == 0
    assert value(found, "heartbeat_worker_lease_token") == 4
    assert value(found, "heartbeat_worker_standbys") == 1
    assert value(found, "heartbeat_worker_aws_calls_total", operation="all") == 7
    assert value(found, "heartbeat_worker_aws_throttles_total", operation="all") == 1
    assert value(found, "heartbeat_worker_write_ok", source="postgres") == 1
    assert value(found, "heartbeat_worker_write_ok", source="valkey") == 0
    assert value(found, "heartbeat_worker_consecutive_failures", source="valkey") == 3
    assert value(found, "heartbeat_worker_breaker", source="valkey", state="open") == 1
    assert value(found, "heartbeat_worker_breaker", source="postgres", state="open") == 0
    assert value(found, "heartbeat_worker_last_write_duration_seconds", source="postgres") == 0.002
    assert value(found, "heartbeat_worker_certificate_expiry_timestamp_seconds") > 1e9
    assert value(found, "heartbeat_worker_credentials_expiry_timestamp_seconds") > 1e9


async def test_scraping_reads_no_store_more_often_than_the_page(
    client: httpx2.AsyncClient,
) -> None:
    await scraped(client)
    aws = dict.fromkeys(("secrets_manager", "iam"))
    before = {
        name: value(await scraped(client), "heartbeat_reads_total", source=name) for name in aws
    }
    for _ in range(20):
        found = await scraped(client)

    for name, count in before.items():
        assert value(found, "heartbeat_reads_total", source=name) == count


async def test_requests_are_counted_by_route_and_status_in_bounded_labels() -> None:
    async with asking(NOWHERE) as client:
        for number in range(30):
            await client.get(f"/nothing/{number}?x={number}")
            await client.request("POST", f"/livez/{number}")
        await client.get("/livez")
        await client.head("/livez")
        await client.get("/")
        await client.get("/worker/health")
        found = await scraped(client)

    requests = {
        tuple(dict(labels)[key] for key in ("route", "status")): count
        for (name, labels), count in found.items()
        if name == "heartbeat_api_requests_total"
    }
    assert requests == {
        ("page", "404"): 30,
        ("other", "405"): 30,
        ("/livez", "200"): 2,
        ("page", "200"): 1,
        ("/worker/health", "503"): 1,
    }
    assert value(found, "heartbeat_api_request_duration_seconds_count", route="/livez") == 2


async def test_refreshes_of_pages_and_their_failures_are_counted() -> None:
    async with asking(NOWHERE) as client:
        for headers in (
            {"Heartbeat-Refresh": "poll"},
            {"Heartbeat-Refresh": "manual", "Heartbeat-Refresh-Failures": "3"},
            {"Heartbeat-Refresh": "poll", "Heartbeat-Refresh-Failures": "99999999999999999999"},
            {"Heartbeat-Refresh": "sometimes", "Heartbeat-Refresh-Failures": "-5"},
            {"Heartbeat-Refresh": "", "Heartbeat-Refresh-Failures": "1e9"},
            {"Heartbeat-Refresh-Failures": "²"},
        ):
            raw = {name.encode(): text.encode("latin-1") for name, text in headers.items()}
            await client.get("/worker/status", headers=raw)
        found = await scraped(client)

    assert value(found, "heartbeat_page_refreshes_total", kind="poll") == 2
    assert value(found, "heartbeat_page_refreshes_total", kind="manual") == 1
    assert value(found, "heartbeat_page_refresh_failures_total") == 1_003


async def test_viewers_and_their_documents_are_counted() -> None:
    async with asking(NOWHERE | {"MAX_VIEWERS": "1"}) as client:
        url = str(client.base_url.copy_with(scheme="ws", path="/ws"))
        async with connect(url) as first, connect(url) as second:
            await first.recv()
            await second.wait_closed()
            during = await scraped(client)
        gone = 0.0

        async def leave() -> None:
            nonlocal gone
            gone = value(await scraped(client), "heartbeat_viewers")

        with anyio.fail_after(60):
            await leave()
            while gone:
                await leave()
        after = await scraped(client)

    assert value(during, "heartbeat_viewers") == 1
    assert value(during, "heartbeat_viewers_refused_total") == 1
    assert value(during, "heartbeat_page_refreshes_total", kind="live") >= 1
    assert value(after, "heartbeat_page_refreshes_total", kind="live") >= 1


async def test_a_source_that_is_off_has_no_series() -> None:
    postgres_alone = {name: text for name, text in NOWHERE.items() if name.startswith("PG")}
    async with asking(postgres_alone) as client:
        await client.get("/worker/status")
        text = (await client.get("/metrics")).text

    assert 'source="postgres"' in text
    assert 'source="valkey"' not in text
    assert 'source="iam"' not in text


async def test_two_apps_in_one_process_have_separate_counters() -> None:
    async with asking(NOWHERE) as one, asking(NOWHERE) as other:
        await one.get("/livez")
        found = await scraped(other)

    assert "/livez" not in str(found)


async def test_a_worker_counts_writes_by_word() -> None:
    stop = Event()
    sources = {
        "good": MemorySource(now=utc_now),
        "full": MemorySource(failures=[SourceError(ErrorWord.FULL, "disk")] * 3),
    }
    settings = ProcessSettings.model_validate({"HEARTBEAT_INTERVAL_SECONDS": 0.05})
    worker = Worker(settings, sources)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run, stop)
        await until(lambda: worker.cycles >= 3)
        stop.set()
    found = samples(WorkerMetrics(worker).render().decode())

    assert value(found, "heartbeat_worker_writes_total", source="full", word="full") == 3
    assert value(found, "heartbeat_worker_writes_total", source="good", word="ok") >= 3
    assert value(found, "heartbeat_worker_write_attempts_total", source="full") >= 3
    assert value(found, "heartbeat_worker_write_duration_seconds_count", source="good") >= 3
    assert value(found, "heartbeat_worker_cycles_total") == worker.cycles
    assert value(found, "heartbeat_worker_lateness_seconds") >= 0
    assert value(found, "heartbeat_worker_resident_memory_bytes") > 1e6
    assert value(found, "heartbeat_worker_cpu_seconds_total") > 0
    assert value(found, "heartbeat_worker_next_due_timestamp_seconds") > 1e9


@pytest.fixture
async def families(
    client: httpx2.AsyncClient, environ: dict[str, str], tmp_path: Path
) -> list[Any]:  # Any: the parser's families have no types
    """The metrics of a real API and a real worker, as Prometheus parses them."""
    await client.get("/livez")
    texts = [(await client.get("/metrics")).text, (await client.get("/metrics")).text]
    with running("worker", "HEALTH_PORT", environ, tmp_path) as worker:
        async with httpx2.AsyncClient(base_url=worker.url) as scraping:
            while "heartbeat_worker_writes_total" not in texts[-1]:
                texts.append((await scraping.get("/metrics")).raise_for_status().text)
    alerting = load(environ | {"ALERT_TARGETS": "webhook+http://127.0.0.1:9/?secret=" + SIGNED})
    senders = [make(target) for target in alerting.alerts.targets()]
    async with (
        served(create(alerting, senders)) as address,
        httpx2.AsyncClient(base_url=f"http://{address}") as scraping,
    ):
        texts.append((await scraping.get("/metrics")).raise_for_status().text)
    return [family for text in texts for family in text_string_to_metric_families(text)]


@pytest.mark.usefixtures("migrated")
async def test_metrics_are_well_named_and_include_all_that_alerts_and_dashboard_use(
    families: list[Any],
) -> None:
    there: dict[str, set[str]] = defaultdict(set)
    for family in families:
        _check_name(family)
        for sample in family.samples:
            there[sample.name] |= set(sample.labels)

    for expression in (*_alert_expressions(), *_dashboard_expressions()):
        names = re.findall(r"\b(?:heartbeat|process)_\w+", expression)
        assert names or "heartbeat:" in expression, expression
        assert set(names) <= set(there), expression
        labels = {label for name in names for label in there[name]} | {"instance", "job", "name"}
        labels |= {"source"} if "heartbeat:" in expression else set()  # of a recording rule
        assert set(_labels(expression)) <= labels, expression


def _check_name(family: Any) -> None:
    # https://prometheus.io/docs/practices/naming/
    assert re.fullmatch(r"(heartbeat|process)_[a-z0-9_]+", family.name)
    assert not re.search(r"_(ms|milliseconds|minutes|kb|mb)(_|$)", family.name)
    assert family.documentation
    if family.type == "counter":
        assert all(s.name.endswith(("_total", "_created")) for s in family.samples)
    if "timestamp" in family.name:
        assert family.name.endswith("_timestamp_seconds")


def test_every_label_value_in_a_query_is_possible() -> None:
    possible = {*Freshness, *Breaker, *Overall, "ok"}
    for expression in (*_alert_expressions(), *_dashboard_expressions()):
        for matched in re.findall(r'=~?"([^"]*)"', expression):
            assert matched.startswith("$") or set(matched.split("|")) <= possible


def _alert_expressions() -> Iterator[str]:
    rules = yaml.safe_load((MONITORING / "alerts.yaml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]


def _dashboard_expressions() -> Iterator[str]:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= (
                set(_labels(target["expr"])) | {"instance"}
            )


def _labels(expression: str) -> Iterator[str]:
    """Yield the labels in an expression's matchers and `by (…)`."""
    yield from re.findall(r"(\w+)\s*=~?\"", expression)
    for names in re.findall(r"by \(([^)]*)\)", expression):
        yield from (name.strip() for name in names.split(","))
