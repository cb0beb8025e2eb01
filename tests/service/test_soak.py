"""A worker leaks nothing over some hundred cycles; bench/soak.py runs thousands."""

import gc
import mmap
from collections.abc import Iterator
from typing import Any

import pytest

from bench.soak import grown, growth_kb_a_cycle, soaked
from service.settings import load
from service.worker.loop import Worker

pytestmark = pytest.mark.anyio

CYCLES, WARM_UP = 150, 50
GROWTH_MAX_KB = 10.0  # a cycle; pytest's own memory grows as well, but not with the cycles
LEAK_BYTES = 20_000


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    """Let the collection before each sample skip what pytest holds, which takes 0.2 s each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def test_descriptors_threads_tasks_connections_and_memory_stay_flat(
    environ: dict[str, str],
) -> None:
    held = await soaked(load(environ), CYCLES, WARM_UP)

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

    assert growth_kb_a_cycle(await soaked(load(environ), CYCLES, WARM_UP)) > GROWTH_MAX_KB
