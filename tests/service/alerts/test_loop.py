"""Looking for errors does not wait for the stores of alerts."""

from collections.abc import Sequence
from typing import Any, cast

import anyio
import pytest

from schema.findings import Finding
from schema.heartbeat import Standing
from service.alerts.context import AlertContext
from service.alerts.lease import Stores
from service.alerts.loop import AlertLoop
from service.alerts.policy import Policy
from service.alerts.state import LeaseState
from tests.service.alerts.fakes import Keyspace, MemoryLedger, MemorySpill, Tables
from tests.service.alerts.findings import NOW, unreachable

pytestmark = pytest.mark.anyio


class SlowLedger(MemoryLedger):
    """A ledger that grants its lease only after a look.

    Attributes:
        looked: Set by the first look; None while the ledger is fast.
    """

    looked: anyio.Event | None = None

    async def claim_lease(self, holder: str, lease_s: float) -> LeaseState:
        if self.looked is not None:
            await self.looked.wait()
        return await super().claim_lease(holder, lease_s)


async def test_a_slow_lease_delays_no_look() -> None:
    clock = [1000.0]
    ledger, error = SlowLedger(Tables(lambda: clock[0])), list[Exception]()

    async def look() -> Sequence[Finding]:
        if ledger.looked is not None:
            ledger.looked.set()
        if error:
            raise error[0]
        return unreachable("valkey")

    loop = AlertLoop(
        AlertContext(
            name="worker",
            deployment="shop",
            policy=Policy(interval_s=60.0),
            targets=[],
            default_repeat_s=3600,
        ),
        look,
        Stores(cast("Any", ledger), cast("Any", MemorySpill(Keyspace(lambda: clock[0])))),
        holder="me",
        now=lambda: NOW,
        clock=lambda: clock[0],
    )
    await loop.tick()  # without a lease it looks afterwards
    ledger.looked = anyio.Event()
    with anyio.fail_after(60):
        await loop.tick()
    assert loop.lease.standing is Standing.DATABASE
    assert loop.findings == unreachable("valkey")

    ledger.looked = anyio.Event()
    error.append(ZeroDivisionError())
    with anyio.fail_after(60), pytest.raises(ZeroDivisionError):
        await loop.tick()
    assert loop.lease.standing is Standing.DATABASE
