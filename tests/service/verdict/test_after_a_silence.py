"""The first answers after a time without requests while AWS is slow, in simulated time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from schema.heartbeat import Heartbeat
from schema.status import Overall, WorkerStatus
from service.errors import Shortfall
from service.kind import AnyKind
from service.settings import load
from service.sources import postgres, secrets_manager
from service.verdict.readers import FIRST_WAIT_S, Reader, Readers
from service.verdict.snapshot import Snapshot
from service.verdict.status import worker_status
from service.verdict.watch import SLACK_S
from service.worker.loop import Worker
from tests.fakes import NOW
from tests.service.serving import NOWHERE
from tests.service.verdict.test_short_intervals import Slow, now, use_the_loops_clock
from tests.service.worker.simulated import BACKEND, SimulatedLoop

pytestmark = pytest.mark.anyio

MINUTE_S, HOUR_S = 60.0, 3600.0
AWS = secrets_manager.KIND
HEALTH_WAIT_S = AWS.read_deadline_s + SLACK_S  # as `/worker/health` waits
SETTINGS = load(NOWHERE)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[SimulatedLoop]]]:
    return BACKEND


@pytest.fixture(autouse=True)
def clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    use_the_loops_clock(monkeypatch)


class Aws(Slow):
    """A store as slow as AWS, which needs no certificate."""

    hangs_for_worker = False

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        if self.hangs_for_worker:
            await anyio.sleep_forever()
        return await super().write(heartbeat)


class Deployment:
    """A worker and an API's readers, one of them with AWS's timing.

    Attributes:
        aws: The store with AWS's timing, which has Valkey's name.
        stop: Stops the worker.
    """

    def __init__(self, aws: Aws, shared: Readers, stop: anyio.Event) -> None:
        self.aws, self.stop = aws, stop
        self._shared = shared

    async def poll(self, wait_s: float) -> WorkerStatus:
        looks = await self._shared.get(wait_s=wait_s)
        found = Snapshot(settings=SETTINGS, aws=None, looks=looks, now=now(), watching_since=NOW)
        return worker_status(found)


@asynccontextmanager
async def deployed() -> AsyncIterator[Deployment]:
    quick, aws, stop = Slow(now), Aws(now), anyio.Event()
    async with anyio.create_task_group() as tasks:
        kinds: dict[str, tuple[Slow, AnyKind]] = {
            "postgres": (quick, postgres.KIND),
            "valkey": (aws, AWS),
        }
        shared = Readers(
            {
                name: Reader(
                    name, each.connected, kind.lifetime_s, kind.read_deadline_s, tasks.start_soon
                )
                for name, (each, kind) in kinds.items()
            }
        )
        worker = Worker(SETTINGS.process, {"postgres": quick, "valkey": aws}, now=now)
        tasks.start_soon(worker.run, stop)
        await anyio.sleep(5.0)
        yield Deployment(aws, shared, stop)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("takes_s", [0.0, 2.1, 2.3, 5.0, 7.9])
@pytest.mark.parametrize("silence_s", [MINUTE_S, HOUR_S])
async def test_a_slow_aws_is_not_red_after_a_silence(takes_s: float, silence_s: float) -> None:
    async with deployed() as made:
        assert (await made.poll(HEALTH_WAIT_S)).overall_status is Overall.OK
        made.aws.takes_s = takes_s
        await anyio.sleep(silence_s)

        assert (await made.poll(FIRST_WAIT_S)).overall_status is not Overall.ERROR
        await anyio.sleep(silence_s)
        assert (await made.poll(HEALTH_WAIT_S)).overall_status is Overall.OK


async def test_until_aws_answers_its_row_is_not_answered_yet_with_the_last_known_stamp() -> None:
    async with deployed() as made:
        await made.poll(HEALTH_WAIT_S)
        made.aws.takes_s = 5.0
        await anyio.sleep(HOUR_S)

        status = await made.poll(FIRST_WAIT_S)

    row = status.timestamps["valkey"]
    assert status.diagnosis.findings[0].title == "Not answered yet: Valkey"
    assert (row.observed_at, row.error, row.last_update) == (None, None, None)
    assert row.last_known_update is not None


async def test_a_failure_from_an_hour_ago_does_not_count() -> None:
    async with deployed() as made:
        made.aws.takes_s = HOUR_S
        assert (await made.poll(HEALTH_WAIT_S)).overall_status is Overall.ERROR
        made.aws.takes_s = 5.0
        await anyio.sleep(HOUR_S)

        assert (await made.poll(FIRST_WAIT_S)).overall_status is Overall.DEGRADED


@pytest.mark.parametrize("every_s", [10.0, 25.0, MINUTE_S, 5 * MINUTE_S])
async def test_a_hung_aws_is_red_at_the_second_poll_at_the_latest(every_s: float) -> None:
    async with deployed() as made:
        await made.poll(HEALTH_WAIT_S)
        made.aws.takes_s, made.aws.hangs_for_worker = HOUR_S, True
        await anyio.sleep(2 * MINUTE_S)

        polled = []
        for _ in range(5):
            polled.append((await made.poll(FIRST_WAIT_S)).overall_status)
            await anyio.sleep(every_s)

    assert polled[1:] == [Overall.ERROR] * 4


@pytest.mark.parametrize("silence_s", [MINUTE_S, HOUR_S])
async def test_a_hung_aws_is_red_at_the_first_poll_of_the_health_address(silence_s: float) -> None:
    async with deployed() as made:
        await made.poll(HEALTH_WAIT_S)
        made.aws.takes_s = HOUR_S
        await anyio.sleep(silence_s)

        status = await made.poll(HEALTH_WAIT_S)

    assert status.overall_status is Overall.ERROR
    assert status.diagnosis.findings[0].title == "Valkey cannot be read (timeout)"


async def test_a_worker_that_died_in_the_silence_is_red_at_the_first_poll() -> None:
    async with deployed() as made:
        await made.poll(HEALTH_WAIT_S)
        made.aws.takes_s = 5.0
        made.stop.set()
        await anyio.sleep(HOUR_S)

        early = await made.poll(FIRST_WAIT_S)
        await anyio.sleep(HOUR_S)
        late = await made.poll(HEALTH_WAIT_S)

    assert early.diagnosis.findings[0].code == "source_not_written"
    assert late.diagnosis.findings[0].code == "worker_silent"
