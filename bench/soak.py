"""Test whether a worker leaks: `python -m bench.soak [CYCLES]`, 3,000 by default.

On the embedded stores, the worker's cycles run in this process without the waits between them, with
history and all.
"""

import gc
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import psutil
import structlog

from bench.slope import MEGABYTE_A_DAY_KB, slope
from local.aws.process import running
from local.postgres import Postgres
from local.valkey import Valkey
from schema.timestamps import utc_now
from service.connections import close, connect
from service.history.ledger import Ledger
from service.history.recorder import History
from service.settings import Settings, load
from service.sources.postgres.store import Postgres as PostgresSource
from service.worker.loop import Worker
from service.worker.schedule import Schedule

CYCLES = 3_000
WARM_UP = 300  # cycles until caches, pools and code paths are what they will be
COUNTS = ("descriptors", "threads", "tasks", "connections")
KB, MB = 2**10, 2**20


@dataclass(frozen=True)
class Resources:
    """The resources of a process after so many cycles."""

    cycle: int
    rss_mb: float
    descriptors: int
    threads: int
    tasks: int
    connections: int

    @classmethod
    def now(cls, cycle: int) -> "Resources":
        gc.collect()
        process = psutil.Process()
        return cls(
            cycle=cycle,
            rss_mb=process.memory_info().rss / MB,
            descriptors=process.num_fds(),
            threads=threading.active_count(),
            tasks=len(anyio.get_running_tasks()),
            connections=len(process.net_connections("inet")),
        )


def main(arguments: Sequence[str]) -> int:
    cycles = int(arguments[0]) if arguments else CYCLES
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        environ: dict[str, str] = {}
        for store in (Postgres(folder / "postgres"), Valkey(folder / "valkey")):
            environ |= stack.enter_context(store).environment
        environ |= stack.enter_context(running(folder / "aws")).environment()
        os.environ |= {name: value for name, value in environ.items() if name.startswith("AWS_")}
        settings = load(environ)
        figures = anyio.run(soaked, settings, cycles, backend_options={"use_uvloop": True})
        return judge(figures)


async def soaked(settings: Settings, cycles: int, warm_up: int = WARM_UP) -> list[Resources]:
    """Run a worker with all stores and history, and return its resources."""
    sources = connect(settings)
    store = sources["postgres"]
    assert isinstance(store, PostgresSource)
    history = History(Ledger(store, "worker"), None, timedelta(days=90), "postgres")
    worker = Worker(settings.process, sources, history)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(history.run)
        figures = [held async for held in run(worker, cycles, warm_up)]
        tasks.cancel_scope.cancel()
    await close(sources)
    return figures


async def run(worker: Worker, cycles: int, warm_up: int) -> AsyncIterator[Resources]:
    """Run cycles without the waits; measure after the warm-up, and ten times more.

    They lie in the past, since history refuses slots of the future.
    """
    interval = timedelta(seconds=worker.interval_s)
    schedule = Schedule(anyio.current_time(), utc_now() - cycles * interval, worker.interval_s)
    for cycle in range(cycles):
        await worker._cycle(schedule, cycle, anyio.Event())  # noqa: SLF001 - without the waits
        assert all(report.last_result == "ok" for report in worker.reports.values())
        if cycle == warm_up or (cycle > warm_up and cycle % (cycles // 10) == 0):
            held = Resources.now(cycle)
            print(held, flush=True)
            yield held
    yield Resources.now(cycles)


def judge(figures: Sequence[Resources]) -> int:
    """Return 0 if nothing grew after the warm-up."""
    growth_kb = growth_kb_a_cycle(figures)
    more = grown(figures)
    rest = f"grew: {more}" if more else "is flat"
    print(f"RSS grew by {growth_kb:.2f} kB a cycle after warm-up; everything else {rest}.")
    return 0 if growth_kb < MEGABYTE_A_DAY_KB and not more else 1


def grown(figures: Sequence[Resources]) -> dict[str, int]:
    """Return by how much each count grew.

    The fewest of three samples are compared: a busy machine may hold one more for a moment, but a
    leak never goes away.
    """
    first, last = (
        {name: min(getattr(each, name) for each in some) for name in COUNTS}
        for some in (figures[:3], figures[-3:])
    )
    return {name: last[name] - first[name] for name in COUNTS if last[name] > first[name]}


def growth_kb_a_cycle(figures: Sequence[Resources]) -> float:
    """Return by how much the memory in use grows."""
    return slope([(each.cycle, each.rss_mb * MB / KB) for each in figures])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
