"""Measure how soon a receiver knows of an outage, and what alerting costs the cycle.

`python -m bench.alerted [NAME …]` prints a table in Markdown; it takes half an hour.
"""

import argparse
import secrets
import signal
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

from bench.stage import Stage, Worker, staged
from local.proxy import Mode
from schema.alerts import AlertEvent, EventKind

INTERVAL_S = 60.0  # the default, for which the bound is promised
QUIET_S = 45.0  # of cycles with and without alerting, to compare their lateness
RESOLVE_INTERVALS = "1"  # so that the next outage need not wait


@dataclass
class Receiver:
    """The events received, each with its time."""

    port: int = 0
    events: list[tuple[float, AlertEvent]] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def opened_after(self, moment: float, patience_s: float) -> tuple[float, UUID | None]:
        """Return the seconds from a moment until the first alert opened, and which.

        Infinite if none did.
        """
        with self.came:
            self.came.wait_for(lambda: bool(self._since(moment, EventKind.OPENED)), patience_s)
            found = self._since(moment, EventKind.OPENED)
        return (found[0][0] - moment, found[0][1].alert_id) if found else (float("inf"), None)

    def resolved_after(self, moment: float, alert: UUID | None, patience_s: float) -> float:
        """Return the seconds from a moment until an alert, and every other, was resolved."""

        def over() -> list[float]:
            return [at for at, each in self._since(0, EventKind.RESOLVED) if each.alert_id == alert]

        with self.came:
            self.came.wait_for(lambda: bool(over()) and self._none_open(), patience_s)
            return max(over(), default=float("inf")) - moment

    def _since(self, moment: float, kind: EventKind) -> list[tuple[float, AlertEvent]]:
        return [(at, each) for at, each in self.events if at > moment and each.kind is kind]

    def _none_open(self) -> bool:
        opened, resolved = (
            {each.alert_id for _, each in self._since(0, kind)}
            for kind in (EventKind.OPENED, EventKind.RESOLVED)
        )
        return opened <= resolved


@dataclass(frozen=True)
class Outage:
    """One outage: how it begins and ends."""

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


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.alerted", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the outages' names; all without")
    parser.add_argument("--interval", type=float, default=INTERVAL_S, help="seconds")
    options = parser.parse_args(arguments)
    interval_s: float = options.interval
    with staged() as (stage, environ), receiver() as receiving:
        environ |= {
            "HEARTBEAT_INTERVAL_SECONDS": f"{interval_s:g}",
            "ALERT_RESOLVE_INTERVALS": RESOLVE_INTERVALS,
        }
        secret = b64encode(secrets.token_bytes(24)).decode()
        target = f"webhook+http://127.0.0.1:{receiving.port}/?secret=whsec_{secret}"
        with_target = environ | {"ALERT_TARGETS": target}
        worker = Worker(with_target)
        worker.start()
        worker.wait_green()
        bound_s = 2 * interval_s + 1
        print(f"At an interval of {interval_s:g} s; the bound is {bound_s:g} s.\n")
        print("| outage | the receiver knows after | in intervals | that it is over after |")
        print("| --- | --- | --- | --- |", flush=True)
        named = options.names
        chosen = [each for each in OUTAGES if not named or any(n in each.name for n in named)]
        took = {each.name: _play(each, stage, worker, receiving, interval_s) for each in chosen}
        worker.stop()
        if not named:
            without, with_one = (_quiet(each) for each in (environ, with_target))
            print(f"\nLateness of the beat without targets: {without}; with one: {with_one}.")
    if late := [name for name, seconds in took.items() if seconds > bound_s]:
        sys.exit(f"later than the bound: {', '.join(late)}")


def _play(
    outage: Outage, stage: Stage, worker: Worker, receiving: Receiver, interval_s: float
) -> float:
    """Stage an outage; return the seconds until the receiver knew."""
    patience_s = 6 * interval_s + 30
    began = time.monotonic()
    outage.begin(stage, worker)
    opened_s, alert = receiving.opened_after(began, patience_s)
    ended = time.monotonic()
    outage.end(stage, worker)
    over_s = receiving.resolved_after(ended, alert, patience_s)
    cells = (outage.name, f"{opened_s:.1f} s", f"{opened_s / interval_s:.2f}", f"{over_s:.1f} s")
    print("|", " | ".join(cells), "|", flush=True)
    worker.wait_green()
    return opened_s


def _quiet(environ: dict[str, str]) -> str:
    """Measure how late cycles begin, one a second, while nothing is wrong."""
    worker = Worker(environ | {"HEARTBEAT_INTERVAL_SECONDS": "1"})
    worker.start()
    worker.wait_green()
    worker.watch(QUIET_S)
    worker.stop()
    late = sorted(each["lateness_ms"] for each in worker.lines if each["event"] == "cycle")
    return f"median {late[len(late) // 2]:.1f} ms, at most {late[-1]:.1f} ms in {len(late)} cycles"


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver on loopback that accepts everything."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with state.came:
                state.events.append((time.monotonic(), AlertEvent.model_validate_json(body)))
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
