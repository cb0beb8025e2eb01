"""Section `worker`: what a cycle costs against the drivers alone, how late it is, how it grows."""

import subprocess
import sys
import time
from collections.abc import Iterator

from bench.build import ROOT
from bench.figure import Bar, Figure, at_most
from bench.floors import Floors
from bench.numbers import median, percentile
from bench.past import migrate
from bench.program import Program, worker
from bench.stores import STORES, Stores

INTERVAL_S = 0.25
CYCLES = 40
HUNG_CYCLES = 20
SOAK_INTERVAL_S = 0.05  # the least that the settings take
SOAK_CYCLES, SETTLED_CYCLES = 3000, 100
SOAK_MAX_S = 170.0
END_S = 5.0  # the last signals and the table
ON_TIME = at_most(20)


def figures(stores: Stores) -> Iterator[Figure]:
    """Return all figures of the section; blocks for about three and a half minutes."""
    migrate(stores.environ)
    floors = _floors(stores)
    for name in type(floors).model_fields:
        yield _figure(f"floor of {name}, CPU", "ms", getattr(floors, name).cpu_ms)
    yield from _cycles(stores, floors)
    yield from _growth(stores)


def _floors(stores: Stores) -> Floors:
    environ = {**stores.environ, **stores.aws.operator_environment()}
    command = [sys.executable, "-m", "bench.floors"]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    return Floors.model_validate_json(done.stdout)


def _cycles(stores: Stores, floors: Floors) -> Iterator[Figure]:
    with worker(stores.environ, stores.folder, INTERVAL_S) as beating:
        first = len(_await(beating, 20))  # imports and connections happen once, not per cycle
        before = beating.usage().cpu_s
        lines = _await(beating, first + CYCLES)[first:]
        cpu_ms = (beating.usage().cpu_s - before) / len(lines) * 1000
        wall_ms = median([_slowest_ms(line) for line in lines])
        floor, bar = floors.cycle, at_most(2.5, of="ratio")
        yield _figure("CPU per cycle", "ms", cpu_ms, floor.cpu_ms, bar)
        yield _figure("wall per cycle, median", "ms", wall_ms, floor.wall_ms)
        yield _lateness("healthy", lines)
        yield _figure("RSS", "MB", beating.usage().rss_mb, bar=at_most(120))
        for store in STORES:
            first = len(beating.lines("cycle"))
            with stores.hung(store):
                lines = _await(beating, first + HUNG_CYCLES)[first:]
            yield _lateness(f"{store} hung", lines)


def _growth(stores: Stores) -> Iterator[Figure]:
    with worker(stores.environ, stores.folder, SOAK_INTERVAL_S) as beating:
        _await(beating, SETTLED_CYCLES)
        early = beating.usage()
        left_s = stores.until - time.monotonic() - END_S
        lines = _await(beating, SOAK_CYCLES, max(END_S, min(SOAK_MAX_S, left_s)))
        late = beating.usage()
        yield _figure("cycles in the long run", "", len(lines))
        grown = late.rss_mb - early.rss_mb
        yield _figure("growth of RSS since cycle 100", "MB", grown, bar=at_most(2))
        for name in ("rss_mb", "descriptors", "threads", "connections"):
            label = name.replace("rss_mb", "RSS in MB")
            yield _figure(f"{label}, after against at cycle 100", "", *_pair(late, early, name))
        yield _lateness("long run", lines[SETTLED_CYCLES:], bar=None)


def _pair(late: object, early: object, name: str) -> tuple[float, float]:
    return float(getattr(late, name)), float(getattr(early, name))


def _await(beating: Program, count: int, seconds: float = 60.0) -> list[dict[str, object]]:
    return beating.await_lines("cycle", count, seconds)


def _slowest_ms(line: dict[str, object]) -> float:
    return max(float(each["ms"]) for each in line.values() if isinstance(each, dict))


def _lateness(when: str, lines: list[dict[str, object]], bar: Bar | None = ON_TIME) -> Figure:
    late_ms = [float(str(line["lateness_ms"])) for line in lines]
    return _figure(f"lateness, {when}, p99", "ms", percentile(late_ms, 0.99), bar=bar)


def _figure(
    name: str, unit: str, measured: float, floor: float | None = None, bar: Bar | None = None
) -> Figure:
    return Figure(section="worker", name=name, unit=unit, measured=measured, floor=floor, bar=bar)
