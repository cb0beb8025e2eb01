"""Two workers share one lease, in simulated time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from schema.heartbeat import Standing
from service.process import ProcessSettings
from service.worker.loop import Worker
from tests.fakes import NOW, MemorySource
from tests.service.lease.stores import Store, lease
from tests.service.worker.simulated import BACKEND, TIME, loop

pytestmark = pytest.mark.anyio

INTERVAL_S = 60.0


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return BACKEND


@pytest.fixture(autouse=True)
def simulated_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.worker.write.time", TIME)


def now() -> datetime:
    return NOW + timedelta(seconds=anyio.current_time())


class Process:
    """A worker that competes for the lease.

    Attributes:
        beats: The times of its beats, in seconds from the test's beginning.
    """

    def __init__(self, name: str, database: Store, keys: Store | None = None) -> None:
        self.source = MemorySource(now)
        self.lease = lease(name, database, keys)
        self.worker = Worker(ProcessSettings(), {"memory": self.source}, lease=self.lease, now=now)
        self.stop = anyio.Event()
        self.scope = anyio.CancelScope()

    @property
    def beats(self) -> list[float]:
        return [(each.timestamp - NOW).total_seconds() for each in self.source.written]

    async def run(self) -> None:
        """Run the worker until it is stopped or killed."""
        with self.scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.lease.run, self.stop)
                await self.worker.run(self.stop)
                await self.lease.release()
                tasks.cancel_scope.cancel()

    def kill(self) -> None:
        self.scope.cancel()


@asynccontextmanager
async def running(*processes: Process) -> AsyncIterator[None]:
    """Start the workers one after the other, a second apart."""
    async with anyio.create_task_group() as tasks:
        for process in processes:
            tasks.start_soon(process.run)
            await anyio.sleep(1.0)
        yield
        tasks.cancel_scope.cancel()


def gaps(*processes: Process) -> list[float]:
    """Return how long each stamp was the newest one."""
    beats = sorted(at for process in processes for at in process.beats)
    return [after - before for before, after in pairwise(beats)]


async def test_one_worker_beats_and_the_other_only_once_at_its_start() -> None:
    one, two = (Process(name, store) for store in [Store()] for name in ("one", "two"))
    async with running(one, two):
        await anyio.sleep(600.0)

    assert one.beats == [60.0 * cycle for cycle in range(11)]
    assert two.beats == [1.0]
    report = one.source.written[-1].report
    assert report is not None
    assert (report.standing, report.standbys) == (Standing.DATABASE, ("two",))


@pytest.mark.parametrize("into_the_interval_s", [0.5, 29.0, 31.0, 59.5])
async def test_after_a_kill_the_other_beats_within_one_interval(into_the_interval_s: float) -> None:
    one, two = (Process(name, store) for store in [Store()] for name in ("one", "two"))
    async with running(one, two):
        await anyio.sleep_until(120.0 + into_the_interval_s)
        one.kill()
        await anyio.sleep(600.0)

    killed = 120.0 + into_the_interval_s
    first, *later = two.beats[1:]
    assert killed < first <= killed + INTERVAL_S
    assert later == [pytest.approx(first + 60 * n) for n in range(1, len(later) + 1)]
    assert len(later) >= 8
    assert max(gaps(one, two)) <= 1.5 * INTERVAL_S  # no stamp was ever stale


async def test_a_leader_that_stops_hands_over_immediately() -> None:
    one, two = (Process(name, store) for store in [Store()] for name in ("one", "two"))
    async with running(one, two):
        await anyio.sleep_until(150.0)
        one.stop.set()
        await anyio.sleep(100.0)

    assert two.beats[1] <= 151.0
    assert max(gaps(one, two)) <= INTERVAL_S


async def test_a_disconnected_leader_and_its_follower_both_beat_until_it_reconnects() -> None:
    database, keys = Store(), Store()
    one, two = Process("one", database, keys), Process("two", database, keys)
    async with running(one, two):
        await anyio.sleep_until(150.0)
        for store in (database, keys):
            store.unreachable = {"one"}
        await anyio.sleep(300.0)
        both = len(one.beats), len(two.beats)
        database.unreachable = keys.unreachable = set()
        await anyio.sleep(600.0)

    assert both[0] == 8
    assert 150.0 < two.beats[1] <= 150.0 + INTERVAL_S
    assert len(one.beats) <= both[0] + 1
    assert len(two.beats) >= both[1] + 9


@pytest.mark.parametrize("hangs_s", [0.0, 3600.0])
async def test_a_single_worker_beats_during_any_outage_of_the_lease_stores(
    hangs_s: float,
) -> None:
    store = Store(unreachable={"one"}, hangs_s=hangs_s)
    one = Process("one", store, store)
    async with running(one):
        await anyio.sleep(600.0)

    assert one.beats == [60.0 * cycle for cycle in range(11)]


async def test_a_restarted_worker_beats_before_the_dead_workers_lease_ends() -> None:
    store = Store()
    one, two = Process("one", store), Process("two", store)
    async with running(one):
        await anyio.sleep_until(125.0)
        one.kill()
    async with running(two):
        await anyio.sleep(300.0)

    assert two.beats == [125.0 + 60 * cycle for cycle in range(6)]


async def test_a_standby_is_alive() -> None:
    one, two = (Process(name, store) for store in [Store()] for name in ("one", "two"))
    async with running(one, two):
        for _ in range(20):
            await anyio.sleep(31.0)
            assert two.worker.next_due > loop().time() - 1.0


async def test_a_former_standby_logs_no_skipped_cycles() -> None:
    one, two = (Process(name, store) for store in [Store()] for name in ("one", "two"))
    with capture_logs() as lines:
        async with running(one, two):
            await anyio.sleep(300.0)
            one.kill()
            await anyio.sleep(300.0)

    events = [line["event"] for line in lines]
    assert "cycles_skipped" not in events
    stood = [line["standing"] for line in lines if line["event"] == "worker_standing"]
    assert stood == [Standing.DATABASE, Standing.STANDBY, Standing.DATABASE]
