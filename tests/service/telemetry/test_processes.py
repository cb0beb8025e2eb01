"""Worker and API as processes push to a working and to a hanging collector."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.service.alerts.receiver import Receiver, receiving
from tests.service.processes import BARE, GRACE_S, POLL_S, ROOT, Running, running
from tests.service.serving import NOWHERE
from tests.service.telemetry import collector

TOKEN = "t0ken-that-nobody-may-see"
QUICK = {"HEARTBEAT_INTERVAL_SECONDS": "0.2", "LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"}
HEADERS = {"OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{TOKEN}"}


@pytest.fixture
def receiver() -> Iterable[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def pushing(database: dict[str, str], keys: dict[str, str], receiver: Receiver) -> dict[str, str]:
    """Return the environment of a process with two stores and a collector."""
    return database | keys | QUICK | HEADERS | collector.environ(receiver)


def scraped(url: str) -> set[str]:
    """Return the names in `/metrics`, in OpenTelemetry's form."""
    text = httpx2.get(f"{url}/metrics").raise_for_status().text
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    return {
        name.removesuffix("_total") if kind == "counter" else name
        for name, kind in types.items()
        if not name.endswith("_created")
    }


def lines(process: Running) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.log.read_text().splitlines()]


def cycles(process: Running) -> int:
    return process.log.read_text().count('"event": "cycle"')


def sent(receiver: Receiver, process: str) -> set[str]:
    """Return the names of the metrics that one kind of process has pushed."""
    return {
        metric.name
        for request in collector.at(receiver, "/v1/metrics")
        if collector.resource_of(request)["heartbeat.process"] == process
        for metric in collector.metrics_of(request)
    }


def all_sent(receiver: Receiver, process: str, names: set[str]) -> bool:
    return names <= sent(receiver, process)


@pytest.mark.usefixtures("migrated")
def test_worker_and_api_push_the_metrics_that_they_serve(
    pushing: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    with (
        running("worker", "HEALTH_PORT", pushing, tmp_path) as worker,
        running("api", "PORT", pushing, tmp_path) as api,
    ):
        ofs = {"worker": scraped(worker.url), "api": set[str]()}
        while "heartbeat_worker_info" not in ofs["api"]:  # until it has read a report
            time.sleep(POLL_S)
            ofs["api"] = scraped(api.url)
        ofs["api"] = {name for name in ofs["api"] if not name.startswith("heartbeat_worker_")}
        ofs["worker"] = {name for name in ofs["worker"] if name.startswith("heartbeat_")}
        for process, names in ofs.items():
            assert len(names) > 10
            receiver.wait_until(partial(all_sent, receiver, process, names))
        receiver.wait_until(lambda: any(span.name == "cycle" for span in collector.spans(receiver)))

    assert not {name for name in sent(receiver, "api") if name.startswith("heartbeat_worker_")}
    assert {span.name for span in collector.spans(receiver)} == {
        "cycle",
        "write postgres",
        "write valkey",
    }
    for each in (worker, api):
        output = each.log.read_text()
        assert each.process.exit_code == 0
        assert TOKEN not in output
        assert "telemetry_not_sent" not in output
        assert '"event": "library"' not in output


@pytest.mark.usefixtures("migrated")
def test_a_hanging_collector_delays_neither_the_beat_nor_the_end(
    pushing: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers = [0] * 100
    with running("worker", "HEALTH_PORT", pushing, tmp_path) as worker:
        receiver.wait_for_any()
        before = cycles(worker)
        while cycles(worker) < before + 5:
            assert worker.process.running, worker.process.ending
            time.sleep(POLL_S)
        worker.process.terminate()
        worker.process.finish(GRACE_S)

        assert worker.process.exit_code == 0
    assert receiver.taken == []
    assert not receiver.released.is_set()
    assert "worker_stopped" in [line["event"] for line in lines(worker)]


def test_an_api_with_a_hanging_collector_answers_and_ends(
    pushing: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers = [0] * 100
    with running("api", "PORT", pushing, tmp_path) as api:
        receiver.wait_for_any()
        assert httpx2.get(f"{api.url}/worker/status").status_code == 200
        api.process.terminate()
        api.process.finish(GRACE_S)

        assert api.process.exit_code == 0
    assert receiver.taken == []
    assert not receiver.released.is_set()


@pytest.mark.parametrize(
    ("command", "before", "environ", "output"),
    [  # both commands treat both reasons alike
        (
            "worker",
            "sys.modules['opentelemetry.sdk'] = None",
            {},
            "needs OpenTelemetry's SDK: install heartbeat[otlp]",
        ),
        (
            "api",
            "",
            {"OTEL_BSP_MAX_QUEUE_SIZE": "0"},
            "OpenTelemetry's SDK refuses one of its OTEL_",
        ),
    ],
)
def test_a_process_that_cannot_push_reports_why_and_does_not_start(
    command: str, before: str, environ: dict[str, str], output: str
) -> None:
    program = (
        f"import sys; {before}\nfrom service.__main__ import main\nsys.exit(main(['{command}']))"
    )
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=BARE | NOWHERE | HEADERS | endpoint | environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert output in ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr


def test_without_an_endpoint_no_module_of_opentelemetry_is_loaded() -> None:
    program = (
        "import sys, service.__main__ as m, service.worker.beat, service.api.app, service.settings;"
        "m._push(service.settings.load(dict(PGHOST='db', PGUSER='u', PGPASSWORD='p',"
        " PGDATABASE='d')), 'api'); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert "service.telemetry.settings" in loaded
    assert not {"opentelemetry.sdk", "google.protobuf", "requests"} & set(loaded)
