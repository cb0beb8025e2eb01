"""How soon a receiver knows of an outage, and what alerting costs the beat.

`python -m bench.alerted [NAME …]` prints a table in Markdown; it takes about seven minutes.
"""

import json
import secrets
import signal
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.outages import Stage, Worker, staged
from local.proxy import Mode

INTERVAL_S = 10.0
BOUND_S = 2 * INTERVAL_S + 1
PATIENCE_S = 60.0
QUIET_S = 45.0  # of cycles without alerting, to compare their lateness with
RESOLVE_INTERVALS = "1"  # so that the next outage need not wait


@dataclass
class Receiver:
    """What it was told, each with when that came."""

    port: int = 0
    told: list[tuple[float, str]] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def after(self, moment: float, kind: str) -> float:
        """Seconds from a moment until the first event of a kind came; infinite if none did."""

        def later() -> list[float]:
            return [at for at, each in self.told if at > moment and each == kind]

        with self.came:
            self.came.wait_for(lambda: bool(later()), PATIENCE_S)
            return min(later(), default=float("inf")) - moment


@dataclass(frozen=True)
class Outage:
    """How it begins and ends."""

    name: str
    begin: Callable[[Stage, Worker], None]
    end: Callable[[Stage, Worker], None]


def _cut(name: str, mode: Mode, *stores: str) -> Outage:
    def begin(stage: Stage, _: Worker) -> None:
        for store in stores:
            stage.mode(store, mode)

    def end(stage: Stage, _: Worker) -> None:
        for store in stores:
            stage.mode(store, Mode.PASS)

    return Outage(name, begin, end)


OUTAGES = (
    _cut("PostgreSQL refuses", Mode.REFUSE, "postgres"),
    _cut("PostgreSQL hangs", Mode.HANG, "postgres"),
    _cut("Valkey refuses", Mode.REFUSE, "valkey"),
    _cut("Valkey hangs", Mode.HANG, "valkey"),
    _cut("both refuse", Mode.REFUSE, "postgres", "valkey"),
    _cut("both hang", Mode.HANG, "postgres", "valkey"),
    Outage(
        "AWS hangs",
        lambda stage, _: stage.aws.control.hang(),
        lambda stage, _: stage.aws.control.reset(),
    ),
    Outage(
        "the worker is killed",
        lambda _, worker: worker.worker.kill(),
        lambda _, worker: worker.worker.start(),
    ),
)


def main(names: Sequence[str]) -> None:
    with (
        staged() as (stage, environ),
        receiver() as who,
        tempfile.TemporaryDirectory() as folder,
    ):
        environ |= {
            "HEARTBEAT_INTERVAL_SECONDS": f"{INTERVAL_S:g}",
            "ALERT_RESOLVE_INTERVALS": RESOLVE_INTERVALS,
        }
        without = _quiet(Worker(environ, Path(folder)))
        secret = b64encode(secrets.token_bytes(24)).decode()
        target = f"webhook+http://127.0.0.1:{who.port}/?secret=whsec_{secret}"
        told = environ | {"ALERT_TARGETS": target}
        with_targets = _quiet(Worker(told, Path(folder)))
        worker = Worker(told, Path(folder))
        worker.start()
        worker.wait_green()
        print(f"At an interval of {INTERVAL_S:g} s; the bound is {BOUND_S:g} s.\n")
        print("| outage | the receiver knows after | in intervals | that it is over after |")
        print("| --- | --- | --- | --- |")
        chosen = [each for each in OUTAGES if not names or any(n in each.name for n in names)]
        late = [each.name for each in chosen if not _play(each, stage, worker, who)]
        worker.stop()
    print(f"\nLateness of the beat without targets: {without}; with one: {with_targets}.")
    if late:
        sys.exit(f"later than the bound: {', '.join(late)}")


def _play(outage: Outage, stage: Stage, worker: Worker, who: Receiver) -> bool:
    """Play one; gives whether the receiver knew in time."""
    began = time.monotonic()
    outage.begin(stage, worker)
    opened_s = who.after(began, "opened")
    ended = time.monotonic()
    outage.end(stage, worker)
    resolved_s = who.after(ended, "resolved")
    cells = (
        outage.name,
        f"{opened_s:.1f} s",
        f"{opened_s / INTERVAL_S:.2f}",
        f"{resolved_s:.1f} s",
    )
    print("|", " | ".join(cells), "|", flush=True)
    worker.wait_green()
    return opened_s <= BOUND_S


def _quiet(worker: Worker) -> str:
    """How late cycles begin while nothing is wrong."""
    worker.start()
    worker.wait_green()
    worker.watch(QUIET_S)
    worker.stop()
    late = sorted(each["lateness_ms"] for each in worker.lines if each["event"] == "cycle")
    return f"median {late[len(late) // 2]:.1f} ms, at most {late[-1]:.1f} ms in {len(late)} cycles"


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One on loopback, which takes everything."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with state.came:
                state.told.append((time.monotonic(), json.loads(body)["kind"]))
                state.came.notify_all()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(sys.argv[1:])
