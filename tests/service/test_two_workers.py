"""Two workers at once, as in a rolling deployment, and a worker with a wrong clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest

from local.aws.process import RunningAws
from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.aws.client import Aws
from service.connections import close
from service.history.ledger import Ledger
from service.history.recorder import History
from service.outcome import Outcome
from service.settings import load
from service.source import Source
from service.sources import postgres, secrets_manager, valkey
from service.sources.postgres.pool import Pool
from service.sources.postgres.store import Postgres
from service.sources.secrets_manager.store import SecretsManager
from service.sources.valkey.store import Valkey, client
from service.sql.statement import Statement
from service.worker.cycle import stamp_all
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio

LONG_S = 60.0  # a deadline that no test reaches
STAMPED = ("postgres", "valkey", "secrets_manager")


@asynccontextmanager
async def worker(
    environ: dict[str, str], now: Callable[[], datetime] = utc_now
) -> AsyncIterator[dict[str, Source]]:
    """Provide the sources of a worker process whose clock is `now`."""
    settings = load(environ)
    assert settings.aws is not None
    sources: dict[str, Source] = {
        "postgres": Postgres(Pool(settings_of(environ, postgres.KIND)), "worker", now),
        "valkey": Valkey(client(settings_of(environ, valkey.KIND)), "worker", now),
        "secrets_manager": SecretsManager(
            Aws(settings.aws, now=now), settings_of(environ, secrets_manager.KIND), now
        ),
    }
    try:
        yield sources
    finally:
        await close(sources)


async def cycle(sources: dict[str, Source], stamp: datetime) -> list[Outcome]:
    return await stamp_all(sources, Heartbeat(name="worker", timestamp=stamp), LONG_S)


async def stamps(sources: dict[str, Source]) -> list[datetime | None]:
    return [(await sources[name].read()).stamp for name in STAMPED]


async def test_two_workers_cause_no_error_and_no_older_stamp(environ: dict[str, str]) -> None:
    seen: list[list[datetime | None]] = []
    outcomes: list[Outcome] = []
    async with worker(environ) as one, worker(environ) as two:
        for _ in range(5):
            for sources in (one, two):
                outcomes += await cycle(sources, utc_now())
                seen.append(await stamps(one))
        async with anyio.create_task_group() as tasks:
            for sources in (one, two):
                tasks.start_soon(cycle, sources, utc_now())

    assert {outcome.result for outcome in outcomes} == {"ok"}
    assert {outcome.warning for outcome in outcomes} == {None}
    for each in zip(*seen, strict=True):
        assert list(each) == sorted(each)


async def test_two_workers_add_no_version(
    environ: dict[str, str], operator: Any, aws: RunningAws
) -> None:
    name = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    async with worker(environ) as one, worker(environ) as two:
        await cycle(one, utc_now())
        before = operator.describe_secret(SecretId=name)["VersionIdsToStages"]
        for sources in (two, one, two):
            await cycle(sources, utc_now())

    assert operator.describe_secret(SecretId=name)["VersionIdsToStages"] == before


async def test_two_workers_leave_one_row_per_source_and_slot(environ: dict[str, str]) -> None:
    slot = utc_now().replace(second=0, microsecond=0)
    async with worker(environ) as one, worker(environ) as two:
        for sources in (one, two):
            outcomes = await cycle(sources, utc_now())
            store = sources["postgres"]
            assert isinstance(store, Postgres)
            history = History(Ledger(store, "worker"), None, timedelta(days=90), "postgres")
            history.record(slot, 60, outcomes)
            await history.finish()
            assert (history.waiting, history.dropped) == (0, 0)
        assert isinstance(store, Postgres)
        async with store.connection() as connection:
            rows = await connection.rows(Statement("SELECT source FROM heartbeat_beats"))

    assert sorted(row.source for row in rows) == sorted(STAMPED)


@pytest.mark.parametrize("minutes", [-4, 4])
async def test_a_wrong_clock_is_an_error_of_every_store_and_leaves_no_wrong_stamp(
    environ: dict[str, str], minutes: int
) -> None:
    off = timedelta(minutes=minutes)  # more, and AWS would refuse its signatures
    async with worker(environ) as right, worker(environ, lambda: utc_now() + off) as wrong:
        right_stamp = utc_now()
        await cycle(right, right_stamp)

        outcomes = await cycle(wrong, utc_now() + off)

        assert [outcome.result for outcome in outcomes] == [ErrorWord.CLOCK] * 3
        assert all("from ours" in outcome.detail for outcome in outcomes)
        assert await stamps(right) == [right_stamp] * 3
        later = utc_now()
        assert {outcome.result for outcome in await cycle(right, later)} == {"ok"}
        assert await stamps(right) == [later] * 3


async def test_history_of_a_fast_clock_is_refused_and_logged(
    environ: dict[str, str],
) -> None:
    async with worker(environ) as sources:
        outcomes = await cycle(sources, utc_now())
        store = sources["postgres"]
        assert isinstance(store, Postgres)
        history = History(Ledger(store, "worker"), None, timedelta(days=90), "postgres")
        history.record(utc_now() + timedelta(minutes=4), 60, outcomes)
        await history.finish()

    assert (history.waiting, history.dropped) == (0, 3)
