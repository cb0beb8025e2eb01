"""Random outages of two instances, their stores, connections and receiver."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from schema.alerts import AlertEvent, EventKind
from schema.findings import Finding
from service.alerts import deliverer, lease, loop, outbox
from service.alerts.context import AlertContext
from service.alerts.deliverer import Deliverer
from service.alerts.lease import Stores
from service.alerts.loop import AlertLoop
from service.alerts.policy import Policy
from service.alerts.state import State
from service.alerts.targets import Target
from tests.examples import examples
from tests.service.alerts.fakes import (
    Keyspace,
    MemoryLedger,
    MemoryReceiver,
    MemorySpill,
    Tables,
)
from tests.service.alerts.findings import NOW, silent, unreachable

TARGET = Target(number=1, kind="webhook", url="", id="t1")
CALM_S = 15.0
SETTLED_S = 900.0  # leases, holds, retries and yields are over


class Instance:
    """One process, with its own connections to the stores."""

    def __init__(self, world: "Partitions") -> None:
        self.world = world
        self.ledger, self.spill = MemoryLedger(world.tables), MemorySpill(world.keys)
        world.started += 1
        context = AlertContext(
            name="worker",
            deployment="shop",
            policy=Policy(interval_s=60.0),
            targets=[TARGET],
            default_repeat_s=4 * 3600,
        )
        self.loop = AlertLoop(
            context,
            self._look,
            Stores(cast("Any", self.ledger), cast("Any", self.spill)),
            holder=str(world.started),
            now=lambda: world.now,
            clock=lambda: world.clock,
        )
        self.deliverer = Deliverer(TARGET, world.receiver, self.loop.outbox, lambda: world.now)

    async def step(self) -> float:
        wait_s = await self.loop.tick()
        while await self.deliverer.deliver_next():
            pass
        return wait_s

    async def _look(self) -> Sequence[Finding]:
        away = [name for name, is_away in self.sees().items() if is_away]
        return [*unreachable(*away), *self.world.findings]

    @property
    def knows_alone(self) -> bool:
        """Whether it sent something that neither store knows."""
        alone = {alert.id for alert in self.loop._sent_alone.state().alerts}
        return bool(alone) and not alone <= self.world.stored()

    def sees(self) -> dict[str, bool]:
        return {
            "postgres": self.ledger.cut or self.world.tables.away,
            "valkey": self.spill.cut or self.world.keys.away,
        }


class Partitions(RuleBasedStateMachine):
    """Whatever happens, the receiver finally learns that every alert is resolved."""

    def __init__(self) -> None:
        super().__init__()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
        self.now, self.clock = NOW, 1000.0
        self.tables, self.keys = Tables(lambda: self.clock), Keyspace(lambda: self.clock)
        self.receiver = MemoryReceiver()
        self.findings: list[Finding] = []
        self.started = 0
        self.instances = [Instance(self), Instance(self)]
        self.loop = asyncio.new_event_loop()

    @rule(seconds=st.floats(10, 300))
    def time_passes(self, seconds: float) -> None:
        self._run(seconds)

    @rule(away=st.booleans(), seconds=st.floats(1, 200))
    def postgresql_goes_or_comes(self, away: bool, seconds: float) -> None:
        self.tables.away = away
        self._run(seconds)

    @rule(away=st.booleans(), seconds=st.floats(1, 200))
    def valkey_goes_or_comes(self, away: bool, seconds: float) -> None:
        self.keys.away = away
        self._run(seconds)

    @rule(which=st.integers(0, 1), database=st.booleans(), valkey=st.booleans())
    def one_is_cut_or_not(self, which: int, database: bool, valkey: bool) -> None:
        instance = self.instances[which]
        instance.ledger.cut, instance.spill.cut = database, valkey

    @rule(which=st.integers(0, 1))
    def one_is_killed_and_started_anew(self, which: int) -> None:
        """Not while no store has what it sent, which is a documented limit (docs/alerts.md)."""
        if not self.instances[which].knows_alone:
            self.instances[which] = Instance(self)

    @rule(dead=st.booleans())
    def the_worker_dies_or_comes_back(self, dead: bool) -> None:
        self.findings = silent("postgres", "valkey") if dead else []

    @rule(failing=st.booleans())
    def the_receiver_fails_or_not(self, failing: bool) -> None:
        self.receiver.failing = failing

    @rule(hours=st.floats(-2, 2))
    def the_clock_steps(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def what_is_resolved_was_opened_before(self) -> None:
        for kinds in self._runs().values():
            assert kinds[0] is EventKind.OPENED
            assert EventKind.RESOLVED not in kinds[:-1]

    def teardown(self) -> None:
        self.findings = []
        self.tables.away = self.keys.away = self.receiver.failing = False
        for instance in self.instances:
            instance.ledger.cut = instance.spill.cut = False
        self._run(SETTLED_S)
        self.loop.close()
        structlog.reset_defaults()

        assert all(kinds[-1] is EventKind.RESOLVED for kinds in self._runs().values()), self._runs()
        assert not self.keys.waiting
        assert not self.keys.left
        assert all(row.delivered for row in self.tables.rows.values())
        sent = {event.id for event in self.receiver.taken}
        assert {row.event.id for row in self.tables.rows.values()} == sent

    def _runs(self) -> dict[UUID, list[EventKind]]:
        """Return the kinds of events by alert, folded by id as receivers do."""
        runs: dict[UUID, dict[UUID, AlertEvent]] = {}
        for event in self.receiver.taken:
            runs.setdefault(event.alert_id, {}).setdefault(event.id, event)
        return {run: [event.kind for event in events.values()] for run, events in runs.items()}

    def stored(self) -> set[UUID]:
        """Return the alerts that one of the stores knows."""
        states = [State.model_validate_json(each.state) for each in (self.tables, self.keys)]
        known = {alert.id for state in states for alert in state.alerts}
        return known.union(self.keys.left, *(state.closed for state in states))

    def _run(self, seconds: float) -> None:
        until = self.clock + seconds
        while self.clock < until:
            waits = [self.loop.run_until_complete(each.step()) for each in self.instances]
            step_s = max(min(waits), CALM_S / 3)
            self.clock += step_s
            self.now += timedelta(seconds=step_s)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine even a store in memory may be slow."""
    for module in (loop, lease, outbox):
        monkeypatch.setattr(module, "STORE_S", 3600.0)
    monkeypatch.setattr(deliverer, "ATTEMPT_S", 3600.0)


TestPartitions = Partitions.TestCase
TestPartitions.settings = settings(max_examples=examples(100), stateful_step_count=14)
