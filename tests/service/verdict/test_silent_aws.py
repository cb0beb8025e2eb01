"""An API after an hour without requests, on real stores, while AWS accepts calls but is silent."""

from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from local.aws.process import RunningAws
from schema.heartbeat import Heartbeat
from schema.status import Overall
from schema.timestamps import utc_now
from service.connections import close, connect
from service.settings import Settings
from service.verdict.status import worker_status
from service.verdict.watch import Watch, watching

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
BOUND_S = 60.0  # for a hang
OF_AWS = ("secrets_manager", "iam")


async def stamp(settings: Settings) -> None:
    """Write every store once, as a worker does."""
    sources = connect(settings)
    heartbeat = Heartbeat(name="worker", timestamp=utc_now(), interval_seconds=60)
    for source in sources.values():
        if source.database is not None:
            await source.database.migrate()
        await source.write(heartbeat)
    await close(sources)


def let_an_hour_pass(watch: Watch) -> None:
    """Age the readings of AWS, as if there had been no request."""
    for name in OF_AWS:
        reader = watch.readers.by_name[name]
        last = reader.last
        assert last is not None
        assert last.found.stamp is not None
        found = replace(last.found, stamp=last.found.stamp - HOUR)
        reader._last = replace(last, found=found, at=last.at - HOUR)
        reader.expires -= HOUR.total_seconds()


async def test_until_a_silent_aws_answers_the_verdict_is_not_red(
    settings: Settings, aws: RunningAws
) -> None:
    await stamp(settings)
    async with watching(settings) as watch:
        first = worker_status(await watch.snapshot(wait_s=BOUND_S))
        let_an_hour_pass(watch)
        aws.control.hang()

        early = worker_status(await watch.snapshot(wait_s=0.1))
        polled: list[Overall] = []
        async with anyio.create_task_group() as tasks:

            async def request() -> None:
                polled.append(worker_status(await watch.snapshot(wait_s=BOUND_S)).overall_status)

            tasks.start_soon(request)
            await anyio.to_thread.run_sync(aws.control.clear)

    assert first.overall_status is Overall.OK, first.diagnosis.message
    titles = [finding.title for finding in early.diagnosis.findings]
    assert titles == ["Not answered yet: AWS Secrets Manager"]
    assert polled == [Overall.OK]
