"""Section `growth`: more sources, and a longer past."""

import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import anyio
import uvloop

from bench.figure import Bar, Figure, at_most
from bench.numbers import median
from bench.past import fill
from bench.program import Program, api
from bench.stores import Stores
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.errors import Shortfall
from service.observation import Observation
from service.source import Source
from service.worker.cycle import stamp_all

FEW, MANY = 3, 10
CYCLES = 200
ANSWER_S = 0.005  # of a store in the same region
DEADLINE_S = 5.0
READINGS = 5
DAYS = {"a day": 1, "a month": 30, "a year": 365}


class DelayedSource(Source):
    """A source whose writes take five milliseconds and no CPU time."""

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:  # noqa: ARG002 - a source's
        await anyio.sleep(ANSWER_S)
        return None

    async def read(self) -> Observation:
        return Observation()

    async def close(self) -> None: ...


def figures(stores: Stores) -> Iterator[Figure]:
    """Yield all figures of the section; blocks for about a quarter of a minute."""
    (few_ms, few_cpu_ms), (many_ms, many_cpu_ms) = uvloop.run(_cycles())
    bar = at_most(1.5, of="ratio")
    yield _figure("wall per cycle, 10 sources against 3", "ms", many_ms, few_ms, bar)
    yield _figure("CPU per cycle, 10 sources against 3", "ms", many_cpu_ms, few_cpu_ms)
    fill(stores.environ, "worker")
    with api(stores.environ, stores.folder) as serving:
        for name, days in DAYS.items():
            took_s, size = _history(serving, days)
            bar = at_most(1.0)
            yield _figure(
                f"/history of {name}, median", "s", took_s, bar=bar if days == 365 else None
            )
            yield _figure(f"/history of {name}, size", "kB", size / 1000)


async def _cycles() -> tuple[tuple[float, float], tuple[float, float]]:
    return await _cycle(FEW), await _cycle(MANY)


async def _cycle(count: int) -> tuple[float, float]:
    """Wall and CPU of one cycle in milliseconds, each the median of many."""
    sources = {f"source_{number}": DelayedSource() for number in range(count)}
    wall_ms, cpu_ms = [], []
    for _ in range(CYCLES):
        heartbeat = Heartbeat(name="bench", timestamp=utc_now())
        wall, cpu = time.perf_counter(), time.process_time()
        await stamp_all(sources, heartbeat, DEADLINE_S)
        wall_ms.append((time.perf_counter() - wall) * 1000)
        cpu_ms.append((time.process_time() - cpu) * 1000)
    return median(wall_ms), median(cpu_ms)


def _history(serving: Program, days: int) -> tuple[float, int]:
    """Return the seconds and bytes of one uncached answer."""
    begin = quote((datetime.now(UTC) - timedelta(days=days)).isoformat())
    took_s, size = [], 0
    for reading in range(READINGS):
        url = f"{serving.url}/history?from={begin}&buckets={48 + reading}"
        began = time.perf_counter()
        with urllib.request.urlopen(url) as answer:
            size = len(answer.read())
        took_s.append(time.perf_counter() - began)
    return median(took_s), size


def _figure(
    name: str, unit: str, measured: float, floor: float | None = None, bar: Bar | None = None
) -> Figure:
    return Figure(section="growth", name=name, unit=unit, measured=measured, floor=floor, bar=bar)
