"""`python -m bench --against REVISION`: this checkout beside an older one, in turns, in one run.

Both use the same stores. The order of the two changes with every round, so that a machine that
slows down slows both. A figure is the ratio of the two medians.
"""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from pydantic import BaseModel

from bench import many
from bench.build import ROOT, Build
from bench.image import image_mb
from bench.load import load
from bench.numbers import median
from bench.past import fill
from bench.program import api, worker
from bench.stores import Stores
from bench.written import written

ROUNDS = 3
HISTORY_S = 600.0
INTERVAL_S = 60.0  # of the workers whose start is measured
BEAT_S = 0.25  # of the workers whose cycles are measured
CYCLES, WARM_CYCLES = 200, 50
LOAD_S, CONNECTIONS = 2.0, 32
SEVERAL = 2  # values that have a spread
DRIVER = ROOT / ".venv" / "bin" / "python"
NO_BROWSER = "the page was not measured: `make environment`, and a chromium, make it possible"
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
    """The target of a figure.

    Attributes:
        value: The bound: a multiple of the older revision's figure, unless it is `absolute`.
        at_least: Whether it is a lower bound.
        absolute: Whether the bound is one of this checkout's figure itself.
    """

    value: float
    at_least: bool = False
    absolute: bool = False


STATUS_RATE, STATUS_SHARE = (
    "API: /worker/status at 32 clients, 1/s",
    "API: /worker/status against its own /livez",
)
TARGETS = {
    "worker: start to first stamp in all stores, s": Target(value=0.6),
    "worker: RSS after 200 cycles, MB": Target(value=0.65),
    "worker: CPU per cycle, ms": Target(value=0.8),
    "worker: CPU per cycle, 10 sources against 3": Target(value=2.5, absolute=True),
    "API: start to first 200, s": Target(value=0.6),
    "API: RSS after all addresses, MB": Target(value=0.75),
    STATUS_RATE: Target(value=1.5, at_least=True),
    STATUS_SHARE: Target(value=0.8, at_least=True, absolute=True),
    "API: /history of a year, uncached, s": Target(value=0.3),
    "API: /history of a year against 30 days": Target(value=2.0, absolute=True),
    "page: first load, kB": Target(value=45, absolute=True),
    "page: first load, requests": Target(value=12, absolute=True),
    "image: above its base, MB": Target(value=100, absolute=True),
    "history: beats missing, 50 sources x 1 s": Target(value=0, absolute=True),
    "history: lateness p99, 50 sources x 1 s, ms": Target(value=50, absolute=True),
}


class Comparison(BaseModel):
    """One figure of both revisions.

    Attributes:
        name: What was measured, and its unit.
        old: Of each round, the older revision's; empty where only this checkout was measured.
        new: The same of this checkout.
    """

    name: str
    old: list[float] = []
    new: list[float]

    @property
    def ratio(self) -> float | None:
        """This checkout's median as a multiple of the older one's, None without one."""
        return median(self.new) / median(self.old) if self.old and median(self.old) else None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached, None without one."""
        target = TARGETS.get(self.name)
        if target is None:
            return None
        value = median(self.new) if target.absolute else self.ratio
        if value is None:
            return False  # nothing is proved
        return value >= target.value if target.at_least else value <= target.value


def compare(
    stores: Stores, old: Build, new: Build, rounds: int, history_s: float
) -> list[Comparison]:
    """Measure both; blocks for about two minutes a round, three more, and the history's time.

    Args:
        stores: Running stores, which both use.
        old: The older revision.
        new: This checkout.
        rounds: How often both are measured, in turns.
        history_s: How long 50 sources are recorded, in seconds.
    """
    fill(stores.environ, "worker")
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        for build in (old, new) if number % 2 == 0 else (new, old):
            for name, value in _round(stores, build):
                print(f"{number + 1}: {build.name}: {name}: {value:.4g}", file=sys.stderr)
                seen[name]["new" if build is new else "old"].append(value)
    for build in (old, new):
        for name, value in _once(stores, build):
            seen[name]["new" if build is new else "old"].append(value)
    found = [Comparison(name=name, **values) for name, values in seen.items()]
    return [*found, *_alone(stores, found, history_s)]


def _once(stores: Stores, build: Build) -> Iterator[tuple[str, float]]:
    """Measure figures that do not depend on the machine's load."""
    yield "image: above its base, MB", image_mb(build)
    with (
        worker(stores.environ, stores.folder, INTERVAL_S) as beating,
        api(stores.environ, stores.folder, build) as running,
    ):
        beating.await_lines("cycle", 1, 60)
        traffic = _browser(running.url)
    if traffic is None:
        print(NO_BROWSER, file=sys.stderr)
        return
    requests, kilobytes = traffic
    yield "page: first load, kB", kilobytes
    yield "page: first load, requests", requests


def _browser(url: str) -> tuple[float, float] | None:
    """Load the page with the browser of the tests' environment; None without one."""
    if not DRIVER.exists():
        return None
    command = [str(DRIVER), "-m", "bench.page", "--only", url]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
        return None
    requests, kilobytes = map(float, done.stdout.split())
    return requests, kilobytes


def _alone(stores: Stores, found: list[Comparison], history_s: float) -> Iterator[Comparison]:
    """Yield figures that the older revision lacks, and ratios of two figures."""
    month, year = (
        next(each for each in found if each.name == f"API: /history of {span}, uncached, s")
        for span in ("30 days", "a year")
    )
    flat = {"old": [median(year.old) / median(month.old)]} if year.old and month.old else {}
    yield Comparison(
        name="API: /history of a year against 30 days",
        new=[median(year.new) / median(month.new)],
        **flat,
    )
    (three, ten), _ = many.measured(stores, 1)
    yield Comparison(name="worker: CPU per cycle, 10 sources against 3", new=[ten / three])
    if history_s:
        kept = written(stores, history_s)
        yield Comparison(name="history: beats missing, 50 sources x 1 s", new=[kept.missing])
        yield Comparison(name="history: lateness p99, 50 sources x 1 s, ms", new=[kept.late_ms])
        yield Comparison(name="history: growth of tables per beat, bytes", new=[kept.grown_bytes])


def table(comparisons: list[Comparison], old: Build) -> str:
    """Format all figures: medians, spread, ratio, target."""
    head = f"{'figure':48} {old.name:>20} {'this checkout':>20} {'ratio':>7} {'target':>8}"
    return "\n".join([head, "-" * len(head), *(_row(each) for each in comparisons)])


def _row(found: Comparison) -> str:
    target = TARGETS.get(found.name)
    wanted = f"{'>=' if target.at_least else '<='} {target.value:g}" if target else ""
    wanted += " x" if target and not target.absolute else ""
    ratio = "" if found.ratio is None else f"{found.ratio:.2f}"
    reached = {None: "", True: "yes", False: "NO"}[found.reached]
    columns = f"{_spread(found.old):>20} {_spread(found.new):>20} {ratio:>7} {wanted:>8}"
    return f"{found.name:48} {columns} {reached}".rstrip()


def _spread(values: list[float]) -> str:
    if len(values) < SEVERAL:
        return "".join(f"{value:.4g}" for value in values)
    return f"{median(values):.4g} ({min(values):.3g}-{max(values):.3g})"


def _round(stores: Stores, build: Build) -> Iterator[tuple[str, float]]:
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
