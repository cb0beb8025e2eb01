"""One round of measurements of one revision."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bench.build import Build
from bench.comparison import STATUS_RATE, STATUS_SHARE
from bench.load import load
from bench.numbers import median
from bench.program import api, worker
from bench.stores import Stores

INTERVAL_S = 60.0  # of the workers whose start is measured
BEAT_S = 0.25  # of the workers whose cycles are measured
CYCLES, WARM_CYCLES = 200, 50
LOAD_S, CONNECTIONS = 2.0, 32
READINGS = 5  # each of another window, so that no answer is cached
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
STATUS, LIVEZ = "/worker/status", "/livez"
ADDRESSES = (  # that both revisions answer
    "/", "/livez", "/healthz", "/readyz", "/db/status", "/secret/status", "/iam/status", STATUS,
    "/worker/health", "/history", "/incidents", "/metrics",
)  # fmt: skip
HISTORY = {  # what the page shows: how wide a bucket is, and how many there are
    "a day": (timedelta(minutes=15), 96),
    "30 days": (timedelta(days=1), 30),
    "a year": (timedelta(weeks=1), 52),
}


def measured(stores: Stores, build: Build) -> Iterator[tuple[str, float]]:
    """Yield each figure's name and value; blocks for about a minute."""
    yield from _first_stamp(stores, build)
    yield from _cycles(stores, build)
    yield from _requests(stores, build)


def _first_stamp(stores: Stores, build: Build) -> Iterator[tuple[str, float]]:
    with worker(stores.environ, stores.folder, INTERVAL_S, build) as running:
        (first, *_) = running.await_lines("cycle", 1, 30)
        took_s, cpu_s = time.monotonic() - running.started, running.usage().cpu_s
    results = {each["result"] for each in first.values() if isinstance(each, dict)}
    if results != {"ok"}:
        raise RuntimeError(f"{build.name}: the first cycle did not reach all stores: {first}")
    yield "worker: start to first stamp in all stores, s", took_s
    yield "worker: CPU to first stamp in all stores, s", cpu_s


def _cycles(stores: Stores, build: Build) -> Iterator[tuple[str, float]]:
    with worker(stores.environ, stores.folder, BEAT_S, build) as running:
        running.await_lines("cycle", WARM_CYCLES, 60)
        before, first = running.usage(), len(running.lines("cycle"))
        running.await_lines("cycle", CYCLES, 120)
        after, last = running.usage(), len(running.lines("cycle"))
        cpu_ms = (after.cpu_s - before.cpu_s) / (last - first) * 1000
        yield "worker: RSS after 200 cycles, MB", after.rss_mb
        yield "worker: CPU per cycle, ms", cpu_ms


def _requests(stores: Stores, build: Build) -> Iterator[tuple[str, float]]:
    with api(stores.environ, stores.folder, build) as running:
        yield "API: CPU to first 200, s", running.usage().cpu_s
        yield "API: start to first 200, s", running.first_answer_s
        for path in ADDRESSES:
            _get(f"{running.url}{path}")
        yield "API: RSS after all addresses, MB", running.usage().rss_mb
        rate = {path: _rate(f"{running.url}{path}") for path in (LIVEZ, STATUS)}
        yield "API: /livez at 32 clients, 1/s", rate[LIVEZ]
        yield STATUS_RATE, rate[STATUS]
        yield STATUS_SHARE, rate[STATUS] / rate[LIVEZ]
        for name, (width, count) in HISTORY.items():
            yield f"API: /history of {name}, uncached, s", _history_s(running.url, width, count)


def _rate(url: str) -> float:
    found = load(url, CONNECTIONS, LOAD_S)
    if found.failed:
        raise RuntimeError(f"{found.failed} of {found.requests} requests of {url} failed")
    return found.per_second


def _history_s(url: str, width: timedelta, count: int) -> float:
    now, took_s = datetime.now(UTC), []
    for reading in range(READINGS):
        end = now - (now - MONDAY) % width - reading * width
        span = f"from={_text(end - count * width)}&to={_text(end)}"
        began = time.perf_counter()
        _get(f"{url}/history?{span}&buckets={count}")
        took_s.append(time.perf_counter() - began)
    return median(took_s)


def _text(moment: datetime) -> str:
    return quote(moment.isoformat())


def _get(url: str) -> None:
    try:
        urllib.request.urlopen(url, timeout=30).close()
    except urllib.error.HTTPError as error:
        error.close()  # `/worker/health` is 503 while no worker beats
