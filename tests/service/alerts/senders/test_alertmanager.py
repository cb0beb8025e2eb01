"""The real Alertmanager accepts our alerts and their ends."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from schema.alerts import EventKind
from schema.timestamps import utc_now
from service.alerts import senders
from service.alerts.senders.result import SendResult
from service.alerts.targets import parse
from tests.service.alerts.alertmanager import Alertmanager, alertmanager
from tests.service.alerts.events import event


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as found:
        yield found


def test_an_open_alert_fires_in_alertmanager_and_a_resolved_one_does_not(
    server: Alertmanager,
) -> None:
    client = senders.make(parse(f"alertmanager+http://{server.place}/prefix")[0])
    now = utc_now()
    opened = event().model_copy(update={"at": now, "began": now - timedelta(minutes=2)})

    assert client.send(opened) == SendResult()
    (shown,) = server.alerts()
    assert shown["labels"]["alertname"] == "HeartbeatSourceUnreachable"
    assert shown["labels"]["sources"] == "postgres"
    assert shown["status"]["state"] == "active"
    assert shown["annotations"]["summary"] == "shop: PostgreSQL cannot be read (timeout)"
    assert shown["generatorURL"] == "https://status.example.com"

    assert client.send(opened.model_copy(update={"kind": EventKind.REFRESHED})) == SendResult()
    assert len(server.alerts()) == 1

    ended = opened.model_copy(update={"kind": EventKind.RESOLVED, "ended": utc_now()})
    assert client.send(ended) == SendResult()
    assert server.alerts() == []


def test_alertmanager_rejects_an_invalid_alert(server: Alertmanager) -> None:
    client = senders.make(parse(f"alertmanager+http://{server.place}/elsewhere")[0])

    assert client.send(event()).error == "rejected"
