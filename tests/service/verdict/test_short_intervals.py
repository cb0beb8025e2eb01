"""A healthy worker and API with an interval of one second, in simulated time."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import anyio
import pytest

from schema.status import Overall
from service.observation import Observation
from service.settings import Settings, load
from service.verdict import readers
from service.verdict.readers import Reader, Readers
from service.verdict.snapshot import Snapshot
from service.verdict.status import worker_status
from service.worker import write
from service.worker.loop import Worker
from tests.fakes import NOW, MemorySource
from tests.service.serving import NOWHERE
from tests.service.worker.simulated import BACKEND, TIME, SimulatedLoop

pytestmark = pytest.mark.anyio

POLL_S = 0.25
LASTS_S = 60.0
NAMES = ("postgres", "valkey")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[SimulatedLoop]]]:
    return BACKEND


def now() -> datetime:
    """Return the wall clock's time, which follows the loop's."""
    return NOW + timedelta(seconds=anyio.current_time())


@pytest.fixture(autouse=True)
def clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    use_the_loops_clock(monkeypatch)


def use_the_loops_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything that measures time use the loop's clock."""
    monkeypatch.setattr(write, "time", TIME)
    both = SimpleNamespace(monotonic=anyio.current_time, perf_counter=anyio.current_time)
    monkeypatch.setattr(readers, "time", both)
    monkeypatch.setattr(readers, "utc_now", now)


class Slow(MemorySource):
    """A store with slow answers.

    Attributes:
        takes_s: The seconds that an answer takes.
    """

    takes_s = 0.0

    async def read(self) -> Observation:
        found = await super().read()
        await anyio.sleep(self.takes_s)
        return found


@pytest.fixture
def settings() -> Settings:
    return load({**NOWHERE, "HEARTBEAT_INTERVAL_SECONDS": "1"})


async def verdicts(settings: Settings, stores: dict[str, Slow], asked_s: float) -> list[Overall]:
    """Poll for `LASTS_S` while the worker beats; return the verdicts."""
    polled: list[Overall] = []
    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        shared = Readers(
            {n: Reader(n, each.connected, 1.0, 2.0, tasks.start_soon) for n, each in stores.items()}
        )
        tasks.start_soon(Worker(settings.process, dict(stores), now=now).run, stop)
        while anyio.current_time() < LASTS_S:
            looks = await shared.get()
            seen = Snapshot(settings=settings, aws=None, looks=looks, now=now(), watching_since=NOW)
            polled.append(worker_status(seen).overall_status)
            await anyio.sleep(POLL_S)
            if anyio.current_time() > asked_s:
                stop.set()
        stop.set()
    return polled


@pytest.mark.parametrize("takes_s", [0.0, 0.2, 0.4, 0.6])
async def test_a_slow_response_does_not_make_a_healthy_store_red(
    settings: Settings, takes_s: float
) -> None:
    stores = {name: Slow(now) for name in NAMES}
    for store in stores.values():
        store.takes_s = takes_s

    polled = await verdicts(settings, stores, LASTS_S)

    assert len(polled) > LASTS_S
    assert Overall.ERROR not in polled


@pytest.mark.parametrize("takes_s", [0.0, 0.6])
async def test_a_stopped_worker_is_reported_within_two_intervals_and_two_readings(
    settings: Settings, takes_s: float
) -> None:
    stores = {name: Slow(now) for name in NAMES}
    for store in stores.values():
        store.takes_s = takes_s

    polled = await verdicts(settings, stores, LASTS_S / 2)

    allowed = (LASTS_S / 2 + 2 * 1.0 + 2 * takes_s + 2 * POLL_S) / POLL_S
    assert Overall.ERROR not in polled[: int(LASTS_S / 2)]
    assert set(polled[int(allowed) :]) == {Overall.ERROR}
