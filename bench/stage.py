"""Stores that outages can be staged on, with a worker and an API."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal

from local.aws.process import RunningAws, running
from local.postgres import Postgres
from local.process import Process
from local.proxy import Mode, Proxy, serving
from local.server import free_port
from local.valkey import Valkey

ROOT = Path(__file__).parent.parent
INTERVAL_S = 2.0  # below, readings once a second make ages look worse than they are
GREEN_MAX_S = 60.0
SOURCES = ("postgres", "valkey", "secrets_manager", "iam")


@dataclass
class Worker:
    """A worker and an API as processes, and the log of the worker."""

    environ: dict[str, str]
    lines: list[dict[str, Any]] = field(default_factory=list)

    def start(self) -> None:
        port = free_port()
        self.api_url = f"http://127.0.0.1:{port}"
        environ = self.environ | {"HEALTH_PORT": str(free_port()), "PORT": str(port)}
        self.worker = self._process("worker", environ, self._take)
        self.api = self._process("api", environ, lambda _: None)
        self.worker.start()
        self.api.start()

    def _process(self, name: str, environ: dict[str, str], take: Callable[[str], None]) -> Process:
        return Process([sys.executable, "-m", "service", name], ROOT, take, environment=environ)

    def _take(self, line: str) -> None:
        try:
            self.lines.append(json.loads(line) | {"at": time.monotonic()})
        except ValueError:
            self.lines.append({"event": line, "at": time.monotonic()})

    def status(self) -> dict[str, Any]:
        document: dict[str, Any] = httpx2.get(f"{self.api_url}/worker/status", timeout=10).json()
        return document

    def watch(self, seconds: float) -> None:
        """Read the page twice a second, as a viewer does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.status()
            time.sleep(0.5)

    def wait_green(self) -> float:
        """Return the seconds until all is well.

        The page is green, and the worker's last cycle was ok in all sources.
        """
        began = time.monotonic()
        while time.monotonic() - began < GREEN_MAX_S:
            try:
                ok = self.status()["overall_status"] == "ok"
            except (httpx2.HTTPError, ValueError):
                ok = False
            cycles = [
                line for line in self.lines if line["event"] == "cycle" and line["at"] > began
            ]
            if ok and cycles and all(cycles[-1][name]["result"] == "ok" for name in SOURCES):
                return time.monotonic() - began
            time.sleep(0.1)
        return float("inf")

    def stop(self) -> None:
        """Send SIGTERM to both, the worker first, and wait until they have ended."""
        for process in (self.worker, self.api):
            process.terminate()
            process.finish(30)


@dataclass(frozen=True)
class Stage:
    """The stores, with what disturbs them."""

    portal: BlockingPortal
    proxies: dict[str, Proxy]
    aws: RunningAws

    def mode(self, name: str, mode: Mode) -> None:
        self.portal.call(self.proxies[name].switch, mode)


@contextmanager
def staged() -> Iterator[tuple[Stage, dict[str, str]]]:
    """Run the stores, PostgreSQL and Valkey behind proxies; yield their environment."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        postgres = stack.enter_context(Postgres(folder / "postgres"))
        valkey = stack.enter_context(Valkey(folder / "valkey"))
        aws = stack.enter_context(running(folder / "aws"))
        portal = stack.enter_context(start_blocking_portal())
        proxies = {
            "postgres": portal.call(Proxy, postgres.port),
            "valkey": portal.call(Proxy, valkey.port),
        }
        stack.enter_context(portal.wrap_async_context_manager(serving(*proxies.values())))
        environ = {**postgres.environment, **valkey.environment, **aws.environment()}
        environ |= {
            "PATH": "/usr/bin:/bin",
            "PGPORT": str(proxies["postgres"].port),
            "VALKEY_PORT": str(proxies["valkey"].port),
            "HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S),
        }
        yield Stage(portal, proxies, aws), environ
