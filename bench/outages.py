"""Stage each outage: what log and page show, which sources it delays, how soon it is over.

`python -m bench.outages [NAME …]` prints a table in Markdown; it takes about six minutes.
"""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
from anyio.from_thread import BlockingPortal, start_blocking_portal

from local.aws.process import RunningAws, running
from local.postgres import Postgres
from local.process import Process
from local.proxy import Mode, Proxy, serving
from local.server import free_port
from local.valkey import Valkey

ROOT = Path(__file__).parent.parent
INTERVAL_S = 2.0  # below, readings once a second make ages look worse than they are
FAULT_S = 9.0
GREEN_MAX_S = 60.0
SOURCES = ("postgres", "valkey", "secrets_manager", "iam")


@dataclass
class Worker:
    """A worker and an API as processes, and the log of the worker."""

    environ: dict[str, str]
    folder: Path
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

    def watch(self, seconds: float) -> dict[str, Any]:
        """Read the page twice a second, as a viewer does; return its last state."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.status()
            time.sleep(0.5)
        return status

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

    def stop(self) -> tuple[float, int | None]:
        """Send SIGTERM; return the seconds it took, and the exit code."""
        began = time.monotonic()
        self.worker.terminate()
        self.worker.finish(30)
        took_s = time.monotonic() - began
        self.api.terminate()
        self.api.finish(30)
        return took_s, self.worker.exit_code


@dataclass(frozen=True)
class Stage:
    """The stores, with what disturbs them."""

    portal: BlockingPortal
    proxies: dict[str, Proxy]
    aws: RunningAws

    def mode(self, name: str, mode: Mode) -> None:
        self.portal.call(self.proxies[name].switch, mode)


@dataclass(frozen=True)
class Outage:
    """One fault: how it begins and ends, and which sources it hits."""

    name: str
    hits: Sequence[str]
    begin: Callable[[Stage], None]
    end: Callable[[Stage], None]


def _proxied() -> Iterator[Outage]:
    for store in ("postgres", "valkey"):
        for mode in (Mode.REFUSE, Mode.HANG, Mode.SLOW, Mode.CUT):
            yield Outage(
                f"{store} {mode}",
                [store],
                lambda stage, store=store, mode=mode: stage.mode(store, mode),  # type: ignore[misc]
                lambda stage, store=store: stage.mode(store, Mode.PASS),  # type: ignore[misc]
            )


def _aws(name: str, begin: Callable[[Stage], None], hits: Sequence[str] = ()) -> Outage:
    hit = hits or ("secrets_manager", "iam")
    return Outage(f"aws {name}", hit, begin, lambda stage: stage.aws.control.reset())


def _fails(operation: str, code: str, **options: Any) -> Callable[[Stage], None]:
    return lambda stage: stage.aws.control.fail(operation, code, **options)


SECRET = ("secrets_manager",)
UNTRUSTED = {"status": 403, "message": "Untrusted certificate"}
OUTAGES = (
    *_proxied(),
    _aws("hangs", lambda stage: stage.aws.control.hang()),
    _aws("cuts", lambda stage: stage.aws.control.cut()),
    _aws("answers 503", _fails("*", "ServiceUnavailable", status=503)),
    _aws("throttles", lambda stage: stage.aws.control.throttle()),
    _aws("calls the token expired", _fails("*", "ExpiredTokenException", times=2)),
    _aws("denies writing", _fails("UpdateSecret", "AccessDeniedException"), SECRET),
    _aws("has lost the secret", _fails("UpdateSecret", "ResourceNotFoundException"), SECRET),
    _aws("is ten minutes ahead", lambda stage: stage.aws.control.skew(600)),
    # The credentials are valid for an hour more: nothing is seen until a renewal is due.
    _aws("refuses sessions", _fails("CreateSession", "AccessDeniedException", **UNTRUSTED)),
)


def main(names: Sequence[str]) -> None:
    print("| fault | log | page | others delayed | green after | SIGTERM, exit |")
    print("| --- | --- | --- | --- | --- | --- |")
    with staged() as (stage, environ), tempfile.TemporaryDirectory() as folder:
        worker = Worker(environ, Path(folder))
        worker.start()
        worker.wait_green()
        base_ms = _others_ms(worker.lines[-5:], ())
        for outage in OUTAGES:
            if not names or any(name in outage.name for name in names):
                _play(outage, stage, worker)
        _cost(worker)
        worker.stop()
        print(f"\nHealthy writes take at most {base_ms:.1f} ms.")


def _play(outage: Outage, stage: Stage, worker: Worker) -> None:
    began = len(worker.lines)
    outage.begin(stage)
    page = worker.watch(FAULT_S)
    during = worker.lines[began:]
    outage.end(stage)
    green_s = worker.wait_green()
    story = worker.lines[began:]
    outage.begin(stage)
    time.sleep(2 * INTERVAL_S)
    ended_s, code = worker.stop()
    outage.end(stage)
    worker.start()
    worker.wait_green()
    cells = (
        outage.name,
        "; ".join(_story(story)) or "nothing",
        f"{page['overall_status']}, {page['diagnosis']['code']}: {page['diagnosis']['message']}",
        f"{_others_ms(during, outage.hits):.0f} ms",
        f"{green_s:.1f} s",
        f"{ended_s:.1f} s, {code}",
    )
    print("|", " | ".join(cells), "|", flush=True)


def _story(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return the changes, each once."""
    parts = ("event", "source", "error", "refusal")
    changes = [" ".join(str(line[part]) for part in parts if line.get(part)) for line in lines]
    return [text for text in dict.fromkeys(changes) if not text.startswith("cycle")]


def _others_ms(lines: Sequence[dict[str, Any]], hits: Sequence[str]) -> float:
    """Return the longest time from a due cycle until a source that is not hit was written."""
    return max(
        (
            line["lateness_ms"] + line[name]["ms"]
            for line in lines
            if line["event"] == "cycle"
            for name in SOURCES
            if name not in hits and line[name]["result"] == "ok"
        ),
        default=float("nan"),
    )


def _cost(worker: Worker) -> None:
    process = psutil.Process(worker.worker.pid)
    cycles, before = len(_cycles(worker)), process.cpu_times()
    time.sleep(20)
    after, ran = process.cpu_times(), len(_cycles(worker)) - cycles
    cpu_ms = 1000 * (after.user + after.system - before.user - before.system) / ran
    rss = process.memory_info().rss / 2**20
    inet = [c for c in process.net_connections("inet") if c.status == "ESTABLISHED"]
    print(f"\nCPU {cpu_ms:.1f} ms a cycle, RSS {rss:.0f} MB, {len(inet)} connections.")


def _cycles(worker: Worker) -> list[dict[str, Any]]:
    return [line for line in worker.lines if line["event"] == "cycle"]


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


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(sys.argv[1:])
