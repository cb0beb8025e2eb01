"""Two worker processes on the real stores: one beats, the other takes over."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import asyncpg
import pytest

from local.aws.process import RunningAws
from local.proxy import Mode, Proxy, serving
from tests.service.processes import GRACE_S, Running, running

pytestmark = pytest.mark.anyio

INTERVAL_S = 3
POLL_S = 0.05
BEATS = "SELECT slot, stamp FROM heartbeat_beats WHERE source = 'secrets_manager' ORDER BY slot"


@dataclass
class Worker:
    """A worker process.

    Attributes:
        it: The process, which answers.
        ended: Whether it was told to stop, or killed.
    """

    it: Running
    ended: bool = False

    def lines(self, event: str) -> list[dict[str, Any]]:  # Any: JSON
        """What it has logged of one kind."""
        found = [json.loads(line) for line in self.it.log.read_text().splitlines()]
        return [line for line in found if line["event"] == event]

    @property
    def beats(self) -> int:
        return len(self.lines("cycle"))

    @property
    def standing(self) -> str:
        lines = self.lines("worker_standing")
        return lines[-1]["standing"] if lines else ""


@dataclass
class World:
    """What runs.

    Attributes:
        environ: Of every worker.
        folder: For their logs.
        database: To look into PostgreSQL.
        workers: By name.
    """

    environ: dict[str, str]
    folder: Path
    database: asyncpg.Connection
    stack: ExitStack
    workers: dict[str, Worker] = field(default_factory=dict)

    def start(self, name: str, **changes: str) -> Worker:
        folder = self.folder / name
        folder.mkdir()
        environ = {**self.environ, **changes}
        worker = Worker(self.stack.enter_context(running("worker", "HEALTH_PORT", environ, folder)))
        self.workers[name] = worker
        return worker

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait for something to be seen, as long as all workers run that should."""
        while not seen():
            assert all(w.it.process.running for w in self.workers.values() if not w.ended)
            await anyio.sleep(POLL_S)

    async def after_next_beat(self, worker: Worker) -> None:
        """Wait for one beat more, so that a whole interval lies before the next."""
        before = worker.beats
        await self.until(lambda: worker.beats > before)

    async def gaps(self) -> int:
        """How many slots have no beat, between the first and the last one that has."""
        slots = [row["slot"] for row in await self.database.fetch(BEATS)]
        whole = (slots[-1] - slots[0]) // timedelta(seconds=INTERVAL_S) + 1
        return int(whole) - len(slots)


@pytest.fixture
async def world(environ: dict[str, str], tmp_path: Path) -> AsyncIterator[World]:
    database = await asyncpg.connect(
        host=environ["PGHOST"],
        port=environ["PGPORT"],
        user=environ["PGUSER"],
        password=environ["PGPASSWORD"],
        database=environ["PGDATABASE"],
        ssl=False,
    )
    environ |= {"HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S), "LOG_FORMAT": "json"}
    try:
        with ExitStack() as stack:
            yield World(environ, tmp_path, database, stack)
    finally:
        await database.close()


async def test_the_standby_takes_over_after_a_kill_a_pause_and_an_end_in_order(
    world: World, aws: RunningAws, operator: Any
) -> None:
    one = world.start("one")
    await world.until(lambda: one.standing == "database")
    two = world.start("two")
    await world.until(lambda: two.standing == "standby")
    assert two.beats <= 1
    before = one.beats
    await world.until(lambda: one.beats >= before + 3)
    made = aws.control.counts().calls["UpdateSecret"]["ok"]
    assert made <= one.beats + two.beats + 1  # one may be on its way into the log
    assert two.beats <= 1

    # Killed.
    await world.after_next_beat(one)
    one.ended = True
    one.it.process.kill()
    await world.until(lambda: two.standing == "database" and two.beats >= 3)

    # Paused, and woken when another leads.
    three = world.start("three")
    await world.until(lambda: three.standing == "standby")
    await world.after_next_beat(two)
    two.it.process.pause()
    await world.until(lambda: three.standing == "database" and three.beats >= 3)
    stopped_at = two.beats
    two.it.process.resume()
    await world.until(lambda: two.standing == "standby")
    await world.after_next_beat(three)
    await world.after_next_beat(three)
    assert two.beats == stopped_at

    # Ended in order.
    await world.after_next_beat(three)
    three.ended = True
    three.it.process.terminate()
    await world.until(lambda: two.standing == "database" and two.beats >= stopped_at + 2)
    three.it.process.finish(GRACE_S)
    assert three.it.process.exit_code == 0

    assert await world.gaps() <= 2  # one slot of the killed, and one of the paused, at most
    tokens = [line["token"] for w in world.workers.values() for line in w.lines("worker_standing")]
    row = await world.database.fetchrow("SELECT token FROM heartbeat_leases WHERE post !~ ':.*:'")
    assert row["token"] == max(tokens) >= 4
    secret = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    versions = operator.list_secret_version_ids(SecretId=secret, IncludeDeprecated=True)["Versions"]
    written = [v for v in versions if v["CreatedDate"] >= _began(world)]
    assert len(written) <= 2  # of one slot, or of two if half past fell into the test


def _began(world: World) -> datetime:
    first = min(line["timestamp"] for w in world.workers.values() for line in w.lines("cycle"))
    return datetime.fromisoformat(first).replace(microsecond=0)


async def test_a_worker_that_is_cut_off_beats_on_and_gives_way_when_it_is_back(
    world: World,
) -> None:
    postgres, valkey = Proxy(int(world.environ["PGPORT"])), Proxy(int(world.environ["VALKEY_PORT"]))
    async with serving(postgres, valkey):
        one = world.start("one", PGPORT=str(postgres.port), VALKEY_PORT=str(valkey.port))
        await world.until(lambda: one.standing == "database")
        two = world.start("two")
        await world.until(lambda: two.standing == "standby")

        for proxy in (postgres, valkey):
            await proxy.switch(Mode.HANG)
        await world.until(lambda: one.standing == "alone" and two.standing == "database")
        both = one.beats, two.beats
        await world.until(lambda: one.beats > both[0] and two.beats > both[1])
        for proxy in (postgres, valkey):
            await proxy.switch(Mode.PASS)
        await world.until(lambda: one.standing == "standby")
        stopped_at = one.beats
        await world.after_next_beat(two)
        await world.after_next_beat(two)

        assert one.beats <= stopped_at + 1
        row = await world.database.fetchrow(
            "SELECT metadata->>'id' AS id, metadata->'standbys' AS others FROM last_update"
        )
        assert row["id"] == two.lines("worker_started")[0]["worker"]
        assert json.loads(row["others"]) == [one.lines("worker_started")[0]["worker"]]
