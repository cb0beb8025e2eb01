"""Section `api`: requests per second and what one costs, beside the empty app in the same run."""

import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bench.counted import Counted
from bench.figure import Bar, Figure, at_least, at_most
from bench.load import Load, load
from bench.numbers import median
from bench.past import fill
from bench.program import Program, api, empty, worker
from bench.stores import STORES, Stores

INTERVAL_S = 5.0  # of the worker beside it: short, and yet the readings' lifetimes are the usual
SECONDS = 1.0  # of each load
ROUNDS = 3  # at 32 connections, in turns, so that a busy machine slows all alike
CONNECTIONS = (1, 8, 256)
WATCHED_S, POLL_S = 2.5, 0.5  # longer than a reading's deadline
SLOW_AWS_S = 2.0
FLOOR, LIVEZ, STATUS = "empty app", "/livez", "/worker/status"


def figures(stores: Stores) -> Iterator[Figure]:
    """Return all figures of the section; blocks for about a minute."""
    fill(stores.environ, "worker")
    with ExitStack() as stack:
        floor = stack.enter_context(empty(stores.folder))
        beating = ExitStack()
        beater = beating.enter_context(worker(stores.environ, stores.folder, INTERVAL_S))
        beater.await_lines("cycle", 1, 20)
        serving = stack.enter_context(api(stores.environ, stores.folder))
        with beating:
            healthy = yield from _at_32(floor, serving)
            yield from _at_others(floor, serving)
            yield from _others(serving)
            yield from _costs_of_stores(stores, serving)
            yield from _disturbed(stores, serving, healthy)
        yield _figure("worker stopped, /worker/status, 32", "1/s", _ask(serving, STATUS).per_second)
        yield _figure("RSS after all of this", "MB", serving.usage().rss_mb, bar=at_most(140))


def _at_32(floor: Program, serving: Program) -> Generator[Figure, None, float]:
    """Add the figures with bars, each the median of some rounds; return `/worker/status`'s rate."""
    _ask(serving, STATUS)  # the first readings, and every import that waits for them
    seen: dict[str, list[Load]] = {FLOOR: [], LIVEZ: [], STATUS: []}
    cpu_ms: dict[str, list[float]] = {FLOOR: [], LIVEZ: [], STATUS: []}
    for _ in range(ROUNDS):
        for name, running, path in (
            (FLOOR, floor, "/"),
            (LIVEZ, serving, LIVEZ),
            (STATUS, serving, STATUS),
        ):
            before = running.usage().cpu_s
            found = _ask(running, path)
            seen[name].append(found)
            cpu_ms[name].append((running.usage().cpu_s - before) / found.requests * 1000)
    rate = {name: median([each.per_second for each in loads]) for name, loads in seen.items()}
    p50 = {name: median([each.p50_ms for each in loads]) for name, loads in seen.items()}
    p99 = {name: median([each.p99_ms for each in loads]) for name, loads in seen.items()}
    cpu = {name: median(costs) for name, costs in cpu_ms.items()}
    yield _figure("/livez, 32 connections", "1/s", rate[LIVEZ], rate[FLOOR])
    yield _figure(
        "/worker/status, 32, against empty app", "1/s", rate[STATUS], rate[FLOOR], at_least(0.2)
    )
    yield _figure(
        "/worker/status, 32, against /livez", "1/s", rate[STATUS], rate[LIVEZ], at_least(0.7)
    )
    yield _figure("/livez, 32, p50", "ms", p50[LIVEZ], p50[FLOOR])
    yield _figure("/livez, 32, p99", "ms", p99[LIVEZ], p99[FLOOR])
    yield _figure("/worker/status, 32, p50 against /livez", "ms", p50[STATUS], p50[LIVEZ])
    bar = at_most(2, of="ratio")
    yield _figure("/worker/status, 32, p99 against /livez", "ms", p99[STATUS], p99[LIVEZ], bar)
    yield _figure("/livez, 32, CPU per request", "ms", cpu[LIVEZ], cpu[FLOOR])
    yield _figure("/worker/status, 32, CPU per request", "ms", cpu[STATUS], cpu[FLOOR])
    return rate[STATUS]


def _at_others(floor: Program, serving: Program) -> Iterator[Figure]:
    for connections in CONNECTIONS:
        least = _ask(floor, "/", connections)
        for path in (LIVEZ, STATUS):
            found = _ask(serving, path, connections)
            name = f"{path}, {connections}"
            yield _figure(f"{name} connections", "1/s", found.per_second, least.per_second)
            yield _figure(f"{name}, p99", "ms", found.p99_ms, least.p99_ms)


def _others(serving: Program) -> Iterator[Figure]:
    year_ago = datetime.now(UTC) - timedelta(days=365)
    year = f"/history?from={quote(year_ago.isoformat())}"
    for name, path in (
        ("/db/status", "/db/status"),
        ("/history, a day", "/history"),
        ("/history, a year", year),
    ):
        for connections in (1, 32, 256):
            found = _ask(serving, path, connections)
            yield _figure(f"{name}, {connections} connections", "1/s", found.per_second)
            yield _figure(f"{name}, {connections}, p99", "ms", found.p99_ms)


def _costs_of_stores(stores: Stores, serving: Program) -> Iterator[Figure]:
    """Count the calls that the stores get for 1,000 requests."""
    before = Counted.of(stores)
    found = _ask(serving, STATUS, seconds=3)
    spent = Counted.of(stores).since(before)
    for name, count in spent.model_dump().items():
        label = f"{name.replace('_', ' ')} per 1,000 /worker/status"
        yield _figure(label, "", count / found.requests * 1000)


def _disturbed(stores: Stores, serving: Program, healthy: float) -> Iterator[Figure]:
    for store in STORES:
        with stores.hung(store):
            yield from _while(f"{store} hung", serving, healthy)
    with stores.slow_aws(SLOW_AWS_S):
        yield from _while("AWS at 2 s", serving, healthy)


def _while(what: str, serving: Program, healthy: float) -> Iterator[Figure]:
    # Like a polling page: the first hanging reading has ended, and no request waits for the next.
    watched_until = time.monotonic() + WATCHED_S
    while time.monotonic() < watched_until:
        urllib.request.urlopen(f"{serving.url}{STATUS}").close()
        time.sleep(POLL_S)
    status, alive = _ask(serving, STATUS), _ask(serving, LIVEZ)
    bar: Bar = at_least(0.5)
    yield _figure(f"{what}: /worker/status, 32", "1/s", status.per_second, healthy, bar)
    yield _figure(f"{what}: /worker/status, 32, p99", "ms", status.p99_ms)
    yield _figure(f"{what}: /livez, 32, p99", "ms", alive.p99_ms, bar=at_most(50))


def _ask(running: Program, path: str, connections: int = 32, seconds: float = SECONDS) -> Load:
    found = load(f"{running.url}{path}", connections, seconds)
    if found.failed:
        raise RuntimeError(f"{found.failed} of {found.requests} requests of {path} failed")
    return found


def _figure(
    name: str, unit: str, measured: float, floor: float | None = None, bar: Bar | None = None
) -> Figure:
    return Figure(section="api", name=name, unit=unit, measured=measured, floor=floor, bar=bar)
