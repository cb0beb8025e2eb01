"""Section `viewers`: from a stamp that was written to the last page that shows it."""

import asyncio
import random
import resource
import time
from collections.abc import AsyncIterator, Iterator

from bench.crowd import Crowd
from bench.figure import Bar, Figure, at_most
from bench.numbers import median
from bench.past import migrate
from bench.program import Program, Usage, api
from bench.stores import Stores
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.settings import load
from service.sources import postgres
from service.sources.postgres.pool import Pool
from service.sources.postgres.store import Postgres

SIZES = (1, 100, 1000)
STAMPS = 6  # to each crowd
APART_S = (0.3, 1.3)  # at random, since the API looks once a second
PATIENCE_S = 20.0


def figures(stores: Stores) -> Iterator[Figure]:
    """Return all figures of the section; blocks for about half a minute."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (most, most)
    )  # a file for each viewer, here and there
    migrate(stores.environ)
    with api(stores.environ, stores.folder) as watched:
        yield from asyncio.run(_measured(stores, watched))


async def _measured(stores: Stores, watched: Program) -> list[Figure]:
    found = load(stores.environ).first(postgres.KIND)
    assert found is not None
    source = Postgres(Pool(found.settings), "worker")
    crowd = Crowd(watched.port)
    try:
        return [figure async for figure in _figures(source, crowd, watched)]
    finally:
        crowd.leave()
        await source.close()


async def _figures(source: Postgres, crowd: Crowd, watched: Program) -> AsyncIterator[Figure]:
    alone: Usage | None = None
    for size in SIZES:
        await crowd.grow(size)
        began, before, seen = time.monotonic(), watched.usage(), crowd.documents
        detected, spread = [], []
        for _ in range(STAMPS):
            first, last = await _stamp(source, crowd)
            detected.append(first * 1000)
            spread.append((last - first) * 1000)
        after, took_s = watched.usage(), time.monotonic() - began
        cpu_s, who = after.cpu_s - before.cpu_s, f"{size:,} viewers"
        alone = alone or after
        yield _figure(f"{who}: stamp to its detection, median", "ms", median(detected))
        yield _figure(f"{who}: first to last viewer's message, median", "ms", median(spread))
        yield _figure(f"{who}: CPU of a core", "%", cpu_s / took_s * 100)
        each_ms = cpu_s * 1000 / (crowd.documents - seen)
        yield _figure(f"{who}: CPU per message", "ms", each_ms)
        if size > 1:
            kb = (after.rss_mb - alone.rss_mb) * 1000 / (size - 1)
            bar = at_most(40) if size == max(SIZES) else None
            yield _figure(f"{who}: RSS per viewer", "kB", kb, bar)


async def _stamp(source: Postgres, crowd: Crowd) -> tuple[float, float]:
    """Write one stamp; return the seconds until the first and the last viewer have it."""
    await asyncio.sleep(random.uniform(*APART_S))
    stamp = utc_now()
    crowd.look_for(f"{stamp:%H:%M:%S.%f}")
    await source.write(Heartbeat(name=source.name, timestamp=stamp))
    written = time.monotonic()
    arrived = await crowd.arrivals(PATIENCE_S)
    return min(arrived) - written, max(arrived) - written


def _figure(name: str, unit: str, measured: float, bar: Bar | None = None) -> Figure:
    return Figure(section="viewers", name=name, unit=unit, measured=measured, bar=bar)
