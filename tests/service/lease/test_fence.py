"""Only the holder of the newest token writes the secret's value."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from local.aws.process import RunningAws
from schema.heartbeat import Heartbeat
from schema.secret import Description
from schema.timestamps import utc_now
from service.connections import close, connect
from service.lease.database import DatabaseLease
from service.lease.lease import Lease
from service.lease.task import LeaseTask
from service.lease.terms import Terms
from service.settings import load
from service.source import Source
from service.worker.cycle import stamp_all

pytestmark = pytest.mark.anyio

LONG_S = 60.0
TERMS = Terms.of(LONG_S)


class Clock:
    """A process's monotonic clock, which continues while the process is paused."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Process:
    """One of two workers.

    Attributes:
        sources: The sources that it writes.
        lease: Its lease.
        clock: Its clock.
    """

    sources: dict[str, Source]
    lease: Lease
    clock: Clock

    async def beat(self, slot: int) -> list[str]:
        """Write in a slot without a value yet; return the sources that accepted the stamp."""
        heartbeat = Heartbeat(name="worker", timestamp=utc_now() + slot * timedelta(hours=1))
        outcomes = await stamp_all(self.sources, heartbeat, LONG_S)
        return [outcome.source for outcome in outcomes if outcome.ok]


@pytest.fixture
async def processes(environ: dict[str, str]) -> AsyncIterator[tuple[Process, Process]]:
    async with AsyncExitStack() as stack:
        made = []
        for name in ("one", "two"):
            sources = connect(load(environ))
            stack.push_async_callback(close, sources)
            database, clock = sources["postgres"].database, Clock()
            assert database is not None
            await database.migrate()
            task = LeaseTask("worker", "worker:stores", name, TERMS)
            lease = Lease(task, DatabaseLease(database, task), None, clock)
            secret = sources["secrets_manager"]
            secret.fence = lease
            made.append(Process({"secrets_manager": secret}, lease, clock))
        yield made[0], made[1]


async def expire(process: Process, other: Process) -> None:
    """Let the other process take the lease while this one is paused for the lease's length."""
    await process.lease.release()  # on the server's clock it ends now; of this it knows nothing
    await other.lease.renew()
    process.clock.seconds += TERMS.lease_s


def versions(aws: RunningAws, operator: Any) -> set[str]:
    secret = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    return set(operator.describe_secret(SecretId=secret)["VersionIdsToStages"])


async def test_a_worker_that_was_paused_before_its_write_writes_nothing(
    processes: tuple[Process, Process], aws: RunningAws, operator: Any
) -> None:
    one, two = processes
    for each in processes:
        await each.lease.renew()
    assert await one.lease.begin(first=False)
    await expire(one, two)
    before = versions(aws, operator)

    assert await one.beat(1) == []

    secret = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    assert operator.describe_secret(SecretId=secret).get("Description", "") == ""
    assert versions(aws, operator) == before
    await two.lease.begin(first=False)
    assert await two.beat(1) == ["secrets_manager"]
    assert len(versions(aws, operator) - before) == 1


async def test_a_first_beat_of_a_standby_writes_the_description_and_no_value(
    processes: tuple[Process, Process], aws: RunningAws, operator: Any
) -> None:
    one, two = processes
    await one.lease.renew()
    assert await two.lease.begin(first=True)
    before = versions(aws, operator)

    assert await two.beat(2) == ["secrets_manager"]

    secret = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    text = operator.describe_secret(SecretId=secret)["Description"]
    assert Description.from_text(text) is not None
    assert versions(aws, operator) == before
    await one.lease.begin(first=False)
    await one.beat(2)
    assert len(versions(aws, operator) - before) == 1


async def test_a_worker_alone_writes_description_and_value_from_its_first_beat(
    processes: tuple[Process, Process], aws: RunningAws, operator: Any
) -> None:
    one, _ = processes
    before = versions(aws, operator)
    await one.lease.begin(first=True)

    assert await one.beat(3) == ["secrets_manager"]
    assert len(versions(aws, operator) - before) == 1
