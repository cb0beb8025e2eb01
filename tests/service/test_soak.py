"""Leaks of a worker over some hundred cycles; bench/soak.py runs thousands."""

import mmap
from datetime import timedelta
from typing import Any

import anyio
import pytest

from bench.soak import Held, grown, growth_kb_a_cycle, run
from service.connections import close, connect
from service.history.ledger import Ledger
from service.history.recorder import History
from service.settings import load
from service.sources.postgres.store import Postgres
from service.worker.loop import Worker

pytestmark = pytest.mark.anyio

GROWTH_MAX_KB = 10.0  # a cycle; pytest's own memory grows as well, but not with the cycles
LEAK_BYTES = 20_000


async def test_descriptors_threads_tasks_connections_and_memory_stay_flat(
    environ: dict[str, str],
) -> None:
    held = await soaked(environ)

    assert grown(held) == {}
    assert growth_kb_a_cycle(held) < GROWTH_MAX_KB


async def test_a_leak_of_some_kilobytes_per_cycle_is_detected(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[mmap.mmap] = []
    cycle = Worker._cycle

    async def leaking(worker: Worker, *arguments: Any) -> None:
        # Of the system: what the interpreter has freed before would hide it.
        leak = mmap.mmap(-1, LEAK_BYTES)
        leak.write(b"x" * LEAK_BYTES)
        kept.append(leak)
        await cycle(worker, *arguments)

    monkeypatch.setattr(Worker, "_cycle", leaking)

    assert growth_kb_a_cycle(await soaked(environ)) > GROWTH_MAX_KB


async def soaked(environ: dict[str, str]) -> list[Held]:
    """Sample the resources of a worker with all stores over 150 cycles."""
    settings = load(environ)
    sources = connect(settings)
    store = sources["postgres"]
    assert isinstance(store, Postgres)
    history = History(Ledger(store, "worker"), None, timedelta(days=90), "postgres")
    worker = Worker(settings.process, sources, history)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(history.run)
        held = [each async for each in run(worker, cycles=150, warm_up=50)]
        tasks.cancel_scope.cancel()
    await close(sources)
    return held
