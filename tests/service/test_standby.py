"""Two worker processes on the real stores: one beats, the other takes over."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import asyncpg
import pytest

from local.aws.process import RunningAws
from local.proxy import Mode, Proxy, serving
from tests.platform import admin
from tests.service.processes import GRACE_S, Running, running

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("migrated")]

INTERVAL_S = 3
POLL_S = 0.05
LEADS, STANDBY = "database", "standby"
KNOWN = "SELECT metadata->>'id' AS id, metadata->'standbys' AS others FROM last_update"
BEATS = "SELECT slot, stamp FROM heartbeat_beats WHERE source = 'secrets_manager' ORDER BY slot"


@dataclass
class Worker:
    """A worker process.

    Attributes:
        it: The process.
        ended: Whether it was stopped or killed.
    """

    it: Running
    ended: bool = False

    def lines(self, event: str) -> list[dict[str, Any]]:  # Any: JSON
        """Return its log lines of one event."""
        found = [json.loads(line) for line in self.it.log.read_text().splitlines()]
        return [line for line in found if line["event"] == event]

    @property
    def beats(self) -> int:
        return len(self.lines("cycle"))

    @property
    def standing(self) -> str:
        lines = self.lines("worker_standing")
        return lines[-1]["standing"] if lines else ""

    @property
    def took_over(self) -> int:
        """The number of times it became the leader, which a busy machine may increase."""
        return len([line for line in self.lines("worker_standing") if line["standing"] != STANDBY])

    @property
    def story(self) -> list[str]:
        """Its beats and standings, in order."""
        lines = [json.loads(line) for line in self.it.log.read_text().splitlines()]
        kinds = {"cycle": "beat", "worker_standing": None}
        found = [line for line in lines if line["event"] in kinds]
        return [kinds[line["event"]] or line["standing"] for line in found]


@dataclass
class Workers:
    """The running workers.

    Attributes:
        environ: The environment of every worker.
        folder: Receives their logs.
        database: A connection to PostgreSQL.
        by_name: The workers by name.
    """

    environ: dict[str, str]
    folder: Path
    database: asyncpg.Connection
    stack: ExitStack
    by_name: dict[str, Worker] = field(default_factory=dict)

    def start(self, name: str, **changes: str) -> Worker:
        folder = self.folder / name
        folder.mkdir()
        environ = {**self.environ, **changes}
        worker = Worker(self.stack.enter_context(running("worker", "HEALTH_PORT", environ, folder)))
        self.by_name[name] = worker
        return worker

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait for a condition; fail if a worker ends meanwhile."""
        while not seen():
            assert all(w.it.process.running for w in self.by_name.values() if not w.ended)
            await anyio.sleep(POLL_S)

    @property
    def running(self) -> list[Worker]:
        return [worker for worker in self.by_name.values() if not worker.ended]

    async def roles(self) -> tuple[Worker, Worker]:
        """Wait until one of two leads and the other stands by; return them in this order."""
        stand = [LEADS, STANDBY]
        await self.until(lambda: sorted(w.standing for w in self.running) == sorted(stand))
        leader, follower = sorted(self.running, key=lambda worker: stand.index(worker.standing))
        return leader, follower

    async def let_lead(self, worker: Worker) -> Worker:
        """Wait until a worker leads, pausing the other if it does; return the other."""
        while (await self.roles())[0] is not worker:
            leader, _ = await self.roles()
            leader.it.process.pause()
            await self.until(lambda: worker.standing == LEADS)
            leader.it.process.resume()
        return (await self.roles())[1]

    async def freeze_leader(self) -> tuple[Worker, Worker]:
        """Pause the worker that leads of two; return it and the other."""
        while True:
            leader, follower = await self.roles()
            leader.it.process.pause()
            if leader.standing == LEADS:  # on a busy machine the other may just have taken over
                return leader, follower
            leader.it.process.resume()

    async def beats_more(self, worker: Worker, count: int = 1) -> None:
        """Wait until a worker has made this many more beats; it must lead or be alone."""
        enough = worker.beats + count
        await self.until(lambda: worker.beats >= enough)

    async def beat_more(self, count: int = 1) -> None:
        """Wait for this many more beats, of whichever worker leads meanwhile."""
        enough = sum(worker.beats for worker in self.running) + count
        await self.until(lambda: sum(worker.beats for worker in self.running) >= enough)

    async def known(self) -> set[str]:
        """Return the ids of the leader and of the standbys in the latest beat."""
        row = await self.database.fetchrow(KNOWN)
        return {row["id"], *json.loads(row["others"] or "[]")}

    async def slots(self) -> list[datetime]:
        return [row["slot"] for row in await self.database.fetch(BEATS)]


@pytest.fixture
async def workers(environ: dict[str, str], tmp_path: Path) -> AsyncIterator[Workers]:
    database = await admin.postgres(environ)
    environ |= {"HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S), "LOG_FORMAT": "json"}
    try:
        with ExitStack() as stack:
            yield Workers(environ, tmp_path, database, stack)
    finally:
        await database.close()


async def test_only_one_of_two_workers_beats_and_calls_aws(
    workers: Workers, aws: RunningAws
) -> None:
    for name in ("one", "two"):
        workers.start(name)
    await workers.roles()
    began = len(await workers.slots())
    while len(await workers.slots()) < began + 6:
        await workers.beat_more()

    slots = len(await workers.slots())
    beats = sum(worker.beats for worker in workers.running)
    extra = sum(worker.took_over for worker in workers.running) + len(workers.running)
    assert beats <= slots + extra  # of both in each slot, it would be twice as many
    made = aws.control.counts().calls["UpdateSecret"]["ok"]
    assert made <= sum(worker.beats for worker in workers.running) + 1  # one may be on its way


async def test_the_standby_takes_over_after_a_kill_a_pause_and_a_clean_stop(
    workers: Workers, aws: RunningAws, operator: Any
) -> None:
    for name in ("one", "two"):
        workers.start(name)

    leader, follower = await workers.roles()
    leader.ended = True
    leader.it.process.kill()
    await workers.until(lambda: follower.standing == LEADS)
    await workers.beats_more(follower)

    workers.start("three")
    await workers.roles()
    await workers.beat_more()
    leader, follower = await workers.freeze_leader()
    known = len(leader.story)
    await workers.until(lambda: follower.standing == LEADS)
    await workers.beats_more(follower)
    leader.it.process.resume()
    await workers.until(lambda: len(leader.story) > known)
    assert leader.story[known] == STANDBY  # before any beat

    leader, follower = await workers.roles()
    leader.ended = True
    leader.it.process.terminate()
    await workers.until(lambda: follower.standing == LEADS)
    await workers.beats_more(follower)
    leader.it.process.finish(GRACE_S)
    assert leader.it.process.exit_code == 0

    tokens = [
        line["token"] for w in workers.by_name.values() for line in w.lines("worker_standing")
    ]
    row = await workers.database.fetchrow("SELECT token FROM heartbeat_leases WHERE post !~ ':.*:'")
    assert row["token"] == max(tokens) >= 4
    secret = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    versions = operator.list_secret_version_ids(SecretId=secret, IncludeDeprecated=True)["Versions"]
    written = [v for v in versions if v["CreatedDate"] >= _began(workers)]
    assert len(written) <= 2  # of one slot, or of two if half past fell into the test


def _began(workers: Workers) -> datetime:
    first = min(line["timestamp"] for w in workers.by_name.values() for line in w.lines("cycle"))
    return datetime.fromisoformat(first).replace(microsecond=0)


async def test_a_disconnected_worker_keeps_beating_and_yields_after_it_reconnects(
    workers: Workers,
) -> None:
    proxies = [Proxy(int(workers.environ[name])) for name in ("PGPORT", "VALKEY_PORT")]
    async with serving(*proxies):
        ports = [str(proxy.port) for proxy in proxies]
        one = workers.start("one", PGPORT=ports[0], VALKEY_PORT=ports[1])
        workers.start("two")
        two = await workers.let_lead(one)

        for proxy in proxies:
            await proxy.switch(Mode.HANG)
        await workers.until(lambda: one.standing == "alone" and two.standing == LEADS)
        await workers.beats_more(one)
        await workers.beats_more(two)
        for proxy in proxies:
            await proxy.switch(Mode.PASS)
        await workers.roles()
        both = {worker.lines("worker_started")[0]["worker"] for worker in workers.running}
        for _ in range(10):
            await workers.beat_more()
            if await workers.known() == both:
                break
        assert await workers.known() == both
