"""Run two whole deployments and a real Prometheus that scrapes them, as processes."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import yaml

from local.process import Process
from local.server import free_port
from tests.service.processes import ROOT

NAMES = ("shop", "blog")
INTERVAL_S = 2.0
SCRAPE_S = 2.0
STOP_S = 60.0  # a machine stops worker, API and three stores in order


@dataclass
class Deployment:
    """One deployment with its own stores, started by `python -m local`.

    Attributes:
        name: `HEARTBEAT_NAME`.
        port: The API's port.
        lines: Its output so far.
    """

    name: str
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def beats(self) -> bool:
        """Tell whether its log reports the first stamp."""
        return any("everything runs" in line for line in self.lines)

    def refresh(self) -> None:
        """Send a request like a polling page that has failed once."""
        headers = {"Heartbeat-Refresh": "poll", "Heartbeat-Refresh-Failures": "1"}
        httpx2.get(f"{self.url}/worker/status", headers=headers).raise_for_status()

    def spoil(self, store: str, mode: str) -> None:
        """Begin or end an outage of a store."""
        shown = next(line for line in self.lines if '"mode": "hang"' in line).split()[-1]
        control = f"{shown.rpartition('/')[0]}/{store}"
        httpx2.post(control, json={"mode": mode}).raise_for_status()


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus.

    Attributes:
        url: Its address.
    """

    url: str

    def ask(self, path: str, **parameters: str) -> Any:
        """Send a request to its API; return the answer's `data`."""
        answer = httpx2.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30)
        document = answer.json()
        assert document["status"] == "success", document
        return document["data"]

    def series(self, query: str) -> list[dict[str, Any]]:
        """Return the series of an instant query, each with `metric` and `value`."""
        result: list[dict[str, Any]] = self.ask("query", query=query)["result"]
        return result


@contextmanager
def deployments(folder: Path) -> Iterator[list[Deployment]]:
    """Run two deployments; yield them after their first cycles."""
    with ExitStack() as stack:
        found = [stack.enter_context(_deployment(name, folder)) for name in NAMES]
        for each in found:
            _wait(each.beats, each.name)
        yield found


@contextmanager
def _deployment(name: str, folder: Path) -> Iterator[Deployment]:
    made = Deployment(name, free_port())
    options = ["--ephemeral", "--faults", "--port", str(made.port), "--interval", str(INTERVAL_S)]
    environment = {**os.environ, "HEARTBEAT_NAME": name, "PYTHONPATH": str(ROOT)}
    place = folder / name
    place.mkdir()
    command = [sys.executable, "-m", "local", *options]
    with _running(Process(command, place, made.lines.append, environment=environment)):
        yield made


@contextmanager
def prometheus(folder: Path, found: list[Deployment]) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes them with the rules of `monitoring/`."""
    program = shutil.which("prometheus")
    if program is None:
        sys.exit("prometheus is missing: apt-get install prometheus")
    place = folder / "prometheus"
    place.mkdir()
    configuration = {
        "global": {"scrape_interval": f"{SCRAPE_S:g}s", "evaluation_interval": f"{SCRAPE_S:g}s"},
        "rule_files": [str(ROOT / "monitoring" / "alerts.yaml")],
        "scrape_configs": [
            {
                "job_name": "heartbeat",
                "static_configs": [{"targets": [f"127.0.0.1:{each.port}" for each in found]}],
            }
        ],
    }
    (place / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
    port = free_port()
    command = [
        program,
        f"--config.file={place}/prometheus.yaml",
        f"--storage.tsdb.path={place}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _running(Process(command, place, place / "prometheus.log")):
        server = Prometheus(f"http://127.0.0.1:{port}")
        _wait(lambda: _ready(server), "Prometheus")
        yield server


@contextmanager
def _running(process: Process) -> Iterator[None]:
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.finish(STOP_S)


def _ready(server: Prometheus) -> bool:
    try:
        return httpx2.get(f"{server.url}/-/ready").status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


def _wait(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 120
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"{what} does not come up")
        time.sleep(0.2)
