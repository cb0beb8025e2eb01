"""Run instances of alerting on real stores with real receivers, in simulated time."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import anyio

from schema.alerts import AlertEvent, EventKind
from schema.errors import ErrorWord
from schema.findings import Finding
from service.alerts.context import AlertContext
from service.alerts.deliverer import Deliverer
from service.alerts.lease import Stores
from service.alerts.ledger import Ledger
from service.alerts.loop import AlertLoop
from service.alerts.policy import Policy
from service.alerts.senders import make
from service.alerts.spill import Spill
from service.alerts.targets import parse
from service.errors import SourceError
from service.kind import Shared
from service.settings import load
from service.source import Connection, Database, Keys, Source
from service.sql.statement import Statement
from tests.service.alerts.findings import NOW
from tests.service.alerts.receiver import Receiver

SIGNED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NAME = "worker"
LEASE = f"{NAME}:alerts:lease"


def hook(receiver: Receiver, options: str = "") -> str:
    return f"webhook+http://{receiver.place}/?secret={SIGNED}{options}"


def accepted(receiver: Receiver) -> list[AlertEvent]:
    """Return the events that a receiver accepted, in order."""
    return [AlertEvent.model_validate_json(each.body) for each in receiver.taken]


def kinds(receiver: Receiver) -> list[EventKind]:
    return [event.kind for event in accepted(receiver)]


class Partition:
    """A connection to a store that a test can cut."""

    def __init__(self) -> None:
        self.cut = False

    def check(self) -> None:
        if self.cut:
            raise SourceError(ErrorWord.UNREACHABLE, "a test has cut the connection")


class CutDatabase:
    """A database behind a connection that a test can cut."""

    def __init__(self, database: Database, way: Partition) -> None:
        self._database = database
        self._way = way

    def connection(self, *, transaction: bool = False) -> AbstractAsyncContextManager[Connection]:
        self._way.check()
        return self._database.connection(transaction=transaction)

    async def migrate(self, *, thorough: bool = False) -> str:
        return await self._database.migrate(thorough=thorough)


class CutKeys:
    """A Valkey behind a connection that a test can cut."""

    def __init__(self, keys: Keys | None, way: Partition) -> None:
        self._keys = keys
        self._way = way

    def commands(self) -> AbstractAsyncContextManager[Any]:
        self._way.check()
        if self._keys is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        return self._keys.commands()


class Instance:
    """One API process's alerting, stepped by hand.

    Attributes:
        to_database: Its connection to PostgreSQL.
        to_valkey: Its connection to Valkey.
        findings: Its own findings, None for the deployment's.
    """

    def __init__(self, deployment: "Deployment", targets: str, alert_policy: Policy) -> None:
        self.deployment = deployment
        self.to_database, self.to_valkey = Partition(), Partition()
        self.findings: Sequence[Finding] | None = None
        parsed = parse(targets)
        keys, database = deployment.keys, deployment.database
        stores = Stores(
            Ledger(CutDatabase(database, self.to_database), NAME) if database else None,
            Spill(CutKeys(keys, self.to_valkey), NAME),
        )
        context = AlertContext(
            name=NAME,
            deployment="shop",
            policy=alert_policy,
            targets=parsed,
            default_repeat_s=4 * 3600,
        )
        self.stores = stores
        self.loop = AlertLoop(
            context,
            self._look,
            stores,
            holder=str(uuid4()),
            now=lambda: deployment.now,
            clock=lambda: deployment.clock,
        )
        self.deliverers = [
            Deliverer(each, make(each), self.loop.outbox, lambda: deployment.now) for each in parsed
        ]

    async def step(self) -> float:
        """Look once, and send all that is due."""
        wait_s = await self.loop.tick()
        await self.tell()
        return wait_s

    async def tell(self) -> None:
        for deliverer in self.deliverers:
            while await deliverer.deliver_next():
                pass

    async def _look(self) -> Sequence[Finding]:
        return self.deployment.findings if self.findings is None else self.findings


class Deployment:
    """The time, findings and stores that all instances share.

    Attributes:
        now: The wall clock, which may step.
        clock: The monotonic clock, in seconds.
        findings: The findings that every instance sees.
        step_least_s: The least seconds between two looks. During an error the loop looks each
            second, which would make a test ten times as long.
    """

    def __init__(self, database: Database | None, keys: Keys | None) -> None:
        self.database = database
        self.keys = keys
        self.now: datetime = NOW
        self.clock = 1000.0
        self.findings: Sequence[Finding] = ()
        self.instances: list[Instance] = []
        self.step_least_s = 10.0

    def start(self, targets: str, alert_policy: Policy | None = None) -> Instance:
        """Start an instance."""
        instance = Instance(self, targets, alert_policy or Policy(interval_s=60.0))
        self.instances.append(instance)
        return instance

    def stop(self, instance: Instance) -> None:
        """Kill an instance, without releasing its lease."""
        self.instances.remove(instance)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.clock += seconds

    async def run(self, seconds: float, findings: Sequence[Finding] | None = None) -> None:
        """Run all instances for some seconds."""
        if findings is not None:
            self.findings = findings
        until = self.clock + seconds
        while self.clock < until:
            waits = [await instance.step() for instance in list(self.instances)]
            step_s = max(min(waits, default=seconds), self.step_least_s)
            self.pass_by(step_s)
            await self.stores_pass_by(step_s)

    async def stores_pass_by(self, seconds: float) -> None:
        """Advance the stores' clocks, so that leases and claims end and retries become due."""
        if self.database is not None:
            span = f"interval '{seconds} s'"
            moments = ", ".join(f"{name} = {name} - {span}" for name in ("due", "held_until"))
            await self.execute(
                f"WITH waiting AS (UPDATE heartbeat_alert_outbox SET {moments}) "
                f"UPDATE heartbeat_alerting SET until = until - {span}"
            )
        if self.keys is not None:
            async with self.keys.commands() as client:
                left_ms = await client.pttl(LEASE)
                if left_ms > 0:
                    await client.pexpire(LEASE, max(1, int(left_ms - seconds * 1000)))

    async def execute(self, statement: str) -> None:
        assert self.database is not None
        async with self.database.connection() as connection:
            await connection.rows(Statement(statement))

    async def rows(self, columns: str = "*") -> list[Any]:
        assert self.database is not None
        async with self.database.connection() as connection:
            return await connection.rows(
                Statement(f"SELECT {columns} FROM heartbeat_alert_outbox ORDER BY position")
            )


@asynccontextmanager
async def deployed(environ: dict[str, str]) -> AsyncIterator[Deployment]:
    """Yield a deployment on an environment's stores, with a migrated database."""
    settings = load(environ)
    sources: dict[str, Source] = {
        each.name: each.connect(Shared(name=NAME)) for each in settings.sources
    }
    database = sources[settings.history.name].database if settings.history else None
    keys = next((source.keys for source in sources.values() if source.keys), None)
    if database is not None:
        await database.migrate()
    try:
        yield Deployment(database, keys)
    finally:
        async with anyio.create_task_group() as tasks:
            for source in sources.values():
                tasks.start_soon(source.close)
