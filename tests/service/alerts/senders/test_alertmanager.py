"""The real Alertmanager: what it is told, it shows, and lets end."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from local.server import free_port
from schema.alerts import EventKind
from schema.timestamps import utc_now
from service.alerts import senders
from service.alerts.senders.sent import Sent
from service.alerts.targets import parse
from tests.service.alerts.events import event

CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class Alertmanager:
    """One that runs, with its API."""

    def __init__(self, port: int) -> None:
        self.place = f"127.0.0.1:{port}"
        self._client = httpx2.Client(base_url=f"http://{self.place}/prefix/api/v2", timeout=20)

    def ready(self) -> bool:
        try:
            return self._client.get("/status").status_code == 200
        except httpx2.TransportError:
            return False

    def alerts(self) -> list[dict[str, Any]]:
        """What it holds for firing."""
        found: list[dict[str, Any]] = self._client.get("/alerts").raise_for_status().json()
        return found

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    assert program, "install prometheus-alertmanager (`.ci/system.py` does, as root on Debian)"
    folder: Path = tmp_path_factory.mktemp("alertmanager")
    (folder / "am.yaml").write_text(CONFIGURATION)
    port = free_port()
    command = [
        program,
        f"--config.file={folder / 'am.yaml'}",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.route-prefix=/prefix",
        "--cluster.listen-address=",
    ]
    log = (folder / "log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        there = Alertmanager(port)
        try:
            while not there.ready():
                assert process.poll() is None, (folder / "log").read_text()
            yield there
        finally:
            there.close()
            process.terminate()


def test_what_opens_fires_there_and_what_is_resolved_does_not(alertmanager: Alertmanager) -> None:
    told = senders.make(parse(f"alertmanager+http://{alertmanager.place}/prefix")[0])
    now = utc_now()
    opened = event().model_copy(update={"at": now, "began": now - timedelta(minutes=2)})

    assert told.send(opened) == Sent()
    (shown,) = alertmanager.alerts()
    assert shown["labels"]["alertname"] == "HeartbeatSourceUnreachable"
    assert shown["labels"]["sources"] == "postgres"
    assert shown["status"]["state"] == "active"
    assert shown["annotations"]["summary"] == "shop: PostgreSQL cannot be read (timeout)"
    assert shown["generatorURL"] == "https://status.example.com"

    assert told.send(opened.model_copy(update={"kind": EventKind.REFRESHED})) == Sent()
    assert len(alertmanager.alerts()) == 1

    ended = opened.model_copy(update={"kind": EventKind.RESOLVED, "ended": utc_now()})
    assert told.send(ended) == Sent()
    assert alertmanager.alerts() == []


def test_what_is_nonsense_to_it_is_rejected(alertmanager: Alertmanager) -> None:
    told = senders.make(parse(f"alertmanager+http://{alertmanager.place}/elsewhere")[0])

    assert told.send(event()).error == "rejected"
