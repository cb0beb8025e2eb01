"""Whether a worker leaks, over some hundred cycles; bench/soak.py does the same over thousands."""

from datetime import timedelta

import anyio
import pytest

from bench.soak import Held, run
from service.connections import close, connect
from service.history.ledger import Ledger
from service.history.recorder import History
from service.settings import load
from service.sources.postgres.store import Postgres
from service.worker.loop import Worker

pytestmark = pytest.mark.anyio

GROWTH_MAX_MB = 10.0  # generous: pytest's own memory grows as well


async def test_descriptors_threads_tasks_connections_and_memory_stay_flat(
    environ: dict[str, str],
) -> None:
    settings = load(environ)
    sources = connect(settings)
    store = sources["postgres"]
    assert isinstance(store, Postgres)
    history = History(Ledger(store, "worker"), None, timedelta(days=90), "postgres")
    worker = Worker(settings.process, sources, history)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(history.run)
        held = [each async for each in run(worker, cycles=200, warm_up=50)]
        tasks.cancel_scope.cancel()
    await close(sources)

    first, last = held[0], held[-1]
    assert counted(last) == counted(first)
    assert last.rss_mb - first.rss_mb < GROWTH_MAX_MB


def counted(held: Held) -> tuple[int, int, int, int]:
    return held.descriptors, held.threads, held.tasks, held.connections
