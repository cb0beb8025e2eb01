"""Replication of stamps, in simulated time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat, ReplicaReport
from service.errors import SourceError
from service.outcome import Attempt, Outcome
from service.source import Replica
from service.worker.replicas import WAIT_MOST_S, Replicas
from tests.fakes import NOW, MemorySource
from tests.service.worker.simulated import BACKEND

pytestmark = pytest.mark.anyio

BEAT = Heartbeat(name="worker", timestamp=NOW)
WRITTEN = Outcome("memory", NOW, "ok", attempts=1, tries=(Attempt(0.0, 0.5, "ok"),))


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return BACKEND


class Copy(Replica):
    """A replica whose content depends on the time since the test's start."""

    def __init__(self, has: Callable[[float], datetime | None]) -> None:
        self._has = has

    async def newest(self) -> datetime | None:
        await anyio.lowlevel.checkpoint()
        return self._has(anyio.current_time())

    async def close(self) -> None:
        return


def replicas(has: Callable[[float], datetime | None], interval_s: float = 60.0) -> Replicas:
    source = MemorySource()
    source.replica = Copy(has)
    return Replicas({"memory": source, "other": MemorySource()}, interval_s)


async def test_the_lag_is_the_time_from_the_write_until_the_replica_has_the_stamp() -> None:
    found = replicas(lambda at: NOW if at >= 3.0 else NOW - timedelta(minutes=1))

    (outcome,) = await found.follow(BEAT, [WRITTEN], 0.0)

    assert (outcome.source, outcome.result) == ("memory.replica", "ok")
    lag_s = found.reports["memory"].lag_seconds
    assert lag_s is not None
    assert 2.5 <= lag_s <= 3.5
    assert outcome.latency_ms == pytest.approx(1000 * lag_s)
    assert found.reports["memory"] == ReplicaReport(stamp=NOW, lag_seconds=lag_s)


async def test_a_missing_stamp_is_late_by_the_difference_of_the_stamps() -> None:
    old = NOW - timedelta(minutes=5)
    found = replicas(lambda _: old)
    with capture_logs() as lines:
        for minute in range(3):
            at = NOW + timedelta(minutes=minute)
            (outcome,) = await found.follow(
                Heartbeat(name="worker", timestamp=at), [WRITTEN], anyio.current_time()
            )

    assert outcome.result is ErrorWord.TIMEOUT
    assert found.reports["memory"] == ReplicaReport(
        stamp=old, lag_seconds=420.0, waited_seconds=WAIT_MOST_S, failing_since=NOW
    )
    assert [line["event"] for line in lines] == ["replica_late"]


async def test_a_replica_that_catches_up_recovers() -> None:
    found = replicas(lambda at: NOW if at > 30.0 else None)
    with capture_logs() as lines:
        await found.follow(BEAT, [WRITTEN], 0.0)
        assert found.reports["memory"].failing_since == NOW
        assert found.reports["memory"].lag_seconds is None
        await anyio.sleep(60.0)
        await found.follow(BEAT, [WRITTEN], anyio.current_time())

    assert found.reports["memory"].failing_since is None
    assert [line["event"] for line in lines] == ["replica_late", "replica_caught_up"]


async def test_an_unreadable_replica_has_its_error() -> None:
    def refuse(_: float) -> datetime | None:
        raise SourceError(ErrorWord.AUTH, "no")

    found = replicas(refuse)

    (outcome,) = await found.follow(BEAT, [WRITTEN], 0.0)

    assert outcome.result is ErrorWord.AUTH
    assert found.reports["memory"].error is ErrorWord.AUTH


async def test_a_hung_replica_delays_nothing_beyond_the_wait() -> None:
    source = MemorySource()

    class Silent(Copy):
        async def newest(self) -> datetime | None:
            await anyio.sleep_forever()
            raise AssertionError

    source.replica = Silent(lambda _: None)
    found = Replicas({"memory": source}, 60.0)
    (outcome,) = await found.follow(BEAT, [WRITTEN], 0.0)

    assert outcome.result is ErrorWord.TIMEOUT
    assert anyio.current_time() <= 0.5 + WAIT_MOST_S + 2.0


async def test_a_failed_write_is_not_read_back() -> None:
    found = replicas(lambda _: NOW)
    failed = Outcome("memory", NOW, ErrorWord.TIMEOUT, attempts=1)

    assert await found.follow(BEAT, [failed, Outcome("other", NOW, "ok")], 0.0) == []
    assert found.reports == {}
