"""`python -m bench --against REVISION`: this checkout beside an older one, in turns, in one run.

Both use the same stores. The order of the two changes with every round, so that a machine that
slows down slows both. A figure is the ratio of the two medians.
"""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator

from bench import many
from bench.build import ROOT, Build
from bench.comparison import Comparison
from bench.image import image_mb
from bench.numbers import median
from bench.past import fill
from bench.program import api, worker
from bench.rounds import INTERVAL_S, measured
from bench.stores import Stores
from bench.written import written

ROUNDS = 3
HISTORY_S = 600.0
DRIVER = ROOT / ".venv" / "bin" / "python"
NO_BROWSER = "the page was not measured: `make environment`, and a chromium, make it possible"


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
            for name, value in measured(stores, build):
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
