"""Alerts in the real API are sent, shown and counted, and never affect other answers."""

import json
from collections.abc import Iterator
from typing import Any

import anyio
import httpx2
import pytest

from service.alerts.loop import AlertLoop
from service.alerts.senders import make
from service.api.app import create
from service.settings import load
from tests.service.alerts.deployment import hook, kinds
from tests.service.alerts.receiver import Receiver, receiving
from tests.service.api.answers import beat
from tests.service.serving import served, until

pytestmark = pytest.mark.anyio

QUICK = {"HEARTBEAT_INTERVAL_SECONDS": "0.5", "PUBLIC_URL": "https://status.example.com/"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


async def get(address: str, path: str) -> Any:
    async with httpx2.AsyncClient(base_url=f"http://{address}", timeout=20) as client:
        answer = await client.get(path)
        answer.raise_for_status()
        return answer.json() if path != "/metrics" else answer.text


async def finds(address: str, title: str) -> None:
    """Return once the API shows a finding."""
    titles: list[str] = []
    with anyio.fail_after(60):
        while title not in titles:
            status = await get(address, "/worker/status")
            titles = [each["title"] for each in status["diagnosis"]["findings"]]


def app(environ: dict[str, str], targets: str) -> Any:
    settings = load(environ | QUICK | {"ALERT_TARGETS": targets})
    return create(settings, [make(target) for target in settings.alerts.targets()])


async def test_an_api_without_a_worker_alerts_that_the_worker_is_silent(
    environ: dict[str, str], receiver: Receiver
) -> None:
    """The database was not migrated, so even the worker's table is missing."""
    async with served(app(environ, hook(receiver))) as address:
        await until(lambda: bool(receiver.taken))
        shown = await get(address, "/alerts")
        metrics = await get(address, "/metrics")

    body = json.loads(receiver.taken[0].body)
    assert body["kind"] == "opened"
    assert body["page_url"] == "https://status.example.com"
    assert body["runbook_url"].startswith("https://status.example.com/docs/runbook#")
    assert shown["enabled"]
    assert shown["decides"]
    assert shown["open"][0]["id"] == body["alert_id"]
    assert shown["targets"][0]["name"] == "webhook+http no. 1 at 127.0.0.1"
    assert "heartbeat_alerts_open" in metrics
    assert "whsec" not in json.dumps(shown) + metrics


async def test_without_targets_no_alert_is_sent_and_the_answer_reports_it(
    environ: dict[str, str],
) -> None:
    async with served(create(load(environ))) as address:
        shown = await get(address, "/alerts")
        metrics = await get(address, "/metrics")

    assert not shown["enabled"]
    assert "heartbeat_alerts" not in metrics


async def test_a_receiver_that_refuses_is_a_finding(
    environ: dict[str, str], receiver: Receiver
) -> None:
    receiver.answers = [401] * 1000
    async with served(app(environ, hook(receiver))) as address:
        await finds(address, "Alerts do not reach webhook+http no. 1 at 127.0.0.1 (refused)")


async def test_an_error_while_deciding_affects_no_answer_and_is_a_finding(
    environ: dict[str, str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: AlertLoop) -> float:
        raise RuntimeError("a defect")

    monkeypatch.setattr(AlertLoop, "tick", broken)
    async with served(app(environ, hook(receiver))) as address:
        await finds(address, "No instance decides on alerts")
        assert not (await get(address, "/alerts"))["working"]
    assert kinds(receiver) == []


async def test_the_ping_url_is_requested_while_alerting_works_and_the_worker_beats(
    environ: dict[str, str], receiver: Receiver
) -> None:
    settings = load(environ | {"ALERT_PING_URL": f"http://{receiver.place}/ping"})
    await anyio.to_thread.run_sync(beat, settings)
    async with served(create(settings)) as address:
        await until(lambda: bool(receiver.taken))
        assert (await get(address, "/alerts"))["enabled"]

    assert receiver.taken[0].path == "/ping"
