"""`python -m bench --against REVISION`: this checkout beside an older one, in turns, in one run.

Both use the same stores. The order of the two changes with every round, so that a machine that
slows down slows both. A figure is the ratio of the two medians.
"""

import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from pydantic import BaseModel

from bench.build import Build
from bench.load import load
from bench.numbers import median
from bench.past import fill
from bench.program import api, worker
from bench.stores import Stores

ROUNDS = 3
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


class Target(BaseModel):
    """What a figure should be, as a multiple of the older revision's."""

    ratio: float
    at_least: bool = False


TARGETS = {
    "worker: start to first stamp in all stores, s": Target(ratio=0.6),
    "worker: RSS after 200 cycles, MB": Target(ratio=0.65),
    "worker: CPU per cycle, ms": Target(ratio=0.8),
    "API: start to first 200, s": Target(ratio=0.6),
    "API: RSS after all addresses, MB": Target(ratio=0.75),
    "API: /worker/status at 32 clients, 1/s": Target(ratio=1.5, at_least=True),
    "API: /history of a year, uncached, s": Target(ratio=0.3),
}


class Comparison(BaseModel):
    """One figure of both revisions.

    Attributes:
        name: What was measured, and its unit.
        old: Of each round, the older revision's.
        new: The same of this checkout.
    """

    name: str
    old: list[float]
    new: list[float]

    @property
    def ratio(self) -> float:
        """This checkout's median as a multiple of the older one's."""
        return median(self.new) / median(self.old)

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached, None without one."""
        target = TARGETS.get(self.name)
        if target is None:
            return None
        return self.ratio >= target.ratio if target.at_least else self.ratio <= target.ratio


def compare(stores: Stores, old: Build, new: Build) -> list[Comparison]:
    """Measure both, in turns; blocks for about ten minutes."""
    fill(stores.environ, "worker")
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(ROUNDS):
        for build in (old, new) if number % 2 == 0 else (new, old):
            for name, value in _round(stores, build):
                seen[name]["new" if build is new else "old"].append(value)
    return [Comparison(name=name, **values) for name, values in seen.items()]


def table(comparisons: list[Comparison], old: Build) -> str:
    """All figures for people: medians, spread, ratio, target."""
    head = f"{'figure':48} {old.name:>20} {'this checkout':>20} {'ratio':>7} {'target':>8}"
    return "\n".join([head, "-" * len(head), *(_row(each) for each in comparisons)])


def _row(found: Comparison) -> str:
    target = TARGETS.get(found.name)
    wanted = f"{'>=' if target.at_least else '<='} {target.ratio:g}" if target else ""
    reached = {None: "", True: "yes", False: "NO"}[found.reached]
    columns = f"{_spread(found.old):>20} {_spread(found.new):>20} {found.ratio:7.2f} {wanted:>8}"
    return f"{found.name:48} {columns} {reached}".rstrip()


def _spread(values: list[float]) -> str:
    return f"{median(values):.4g} ({min(values):.3g}-{max(values):.3g})"


def _round(stores: Stores, build: Build) -> Iterator[tuple[str, float]]:
    yield "worker: start to first stamp in all stores, s", _first_stamp_s(stores, build)
    yield from _cycles(stores, build)
    yield from _requests(stores, build)


def _first_stamp_s(stores: Stores, build: Build) -> float:
    with worker(stores.environ, stores.folder, INTERVAL_S, build) as running:
        (first, *_) = running.await_lines("cycle", 1, 30)
        took_s = time.monotonic() - running.started
    results = {each["result"] for each in first.values() if isinstance(each, dict)}
    if results != {"ok"}:
        raise RuntimeError(f"{build.name}: the first cycle did not reach all stores: {first}")
    return took_s


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
        yield "API: start to first 200, s", running.first_answer_s
        for path in ADDRESSES:
            _get(f"{running.url}{path}")
        yield "API: RSS after all addresses, MB", running.usage().rss_mb
        rate = {path: _rate(f"{running.url}{path}") for path in (LIVEZ, STATUS)}
        yield "API: /livez at 32 clients, 1/s", rate[LIVEZ]
        yield "API: /worker/status at 32 clients, 1/s", rate[STATUS]
        yield "API: /worker/status against its own /livez", rate[STATUS] / rate[LIVEZ]
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
