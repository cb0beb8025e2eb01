"""Alerts in Valkey, on a real server."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import anyio
import pytest

from schema.alerts import EventKind
from service.alerts.deliveries import Delivery
from service.alerts.mutes import Mute, active
from service.alerts.spill import RETRY_S, SLOW_S, Spill
from service.alerts.state import State
from service.errors import SourceError
from tests.service.alerts.deployment import NAME, CutKeys, Deployment, Partition, deployed
from tests.service.alerts.events import event
from tests.service.alerts.findings import NOW, unreachable
from tests.service.alerts.looking import Looking

pytestmark = pytest.mark.anyio


@pytest.fixture
async def deployment(keys: dict[str, str]) -> AsyncIterator[Deployment]:
    async with deployed(keys) as found:
        yield found


@pytest.fixture
def spill(deployment: Deployment) -> Spill:
    assert deployment.keys is not None
    return Spill(deployment.keys, NAME)


async def test_one_of_two_holds_the_lease_unless_the_other_overrides_it(spill: Spill) -> None:
    assert (await spill.claim_lease("a", 30, overrides=False)).leads
    assert not (await spill.claim_lease("b", 30, overrides=False)).leads
    assert (await spill.claim_lease("b", 30, overrides=True)).leads
    assert not (await spill.claim_lease("a", 30, overrides=False)).leads
    await spill.release("a")
    assert not (await spill.claim_lease("a", 30, overrides=False)).leads
    await spill.release("b")
    assert (await spill.claim_lease("a", 30, overrides=False)).leads


async def test_a_lease_ends_by_itself(spill: Spill, deployment: Deployment) -> None:
    await spill.claim_lease("a", 30, overrides=False)

    assert deployment.keys is not None
    async with deployment.keys.commands() as client:
        assert 29_000 < await client.pttl(f"{NAME}:alerts:lease") <= 30_000


async def test_the_stored_state_is_read_back(spill: Spill) -> None:
    assert (await spill.claim_lease("a", 30, overrides=False)).state == State()
    await spill.save(7, State(runs=2))

    stood = await spill.claim_lease("a", 30, overrides=False)
    assert (stood.seq, stood.state) == (7, State(runs=2))


async def test_deliveries_stay_until_they_are_removed(spill: Spill) -> None:
    first = Delivery(event=event(), target="t1", created=NOW)
    later = Delivery(
        event=event(EventKind.RESOLVED), target="t1", created=NOW + timedelta(seconds=1)
    )
    await spill.put([later, first])
    await spill.put([replace(first, attempts=1)])
    assert await spill.all() == [replace(first, attempts=1), later]

    await spill.remove([first])
    assert await spill.all() == [later]


async def test_alerts_left_to_the_decider_stay_until_it_adopts_them(spill: Spill) -> None:
    looking = Looking()
    looking.looks(200, unreachable("valkey"))
    [first] = looking.state.alerts
    other = first.model_copy(update={"id": uuid4()})
    await spill.leave([first, other])
    await spill.leave([first])
    assert {alert.id: alert for alert in await spill.left()} == {
        first.id: first,
        other.id: other,
    }

    await spill.adopt([first])
    assert await spill.left() == [other]


async def test_foreign_entries_are_ignored(spill: Spill, deployment: Deployment) -> None:
    assert deployment.keys is not None
    async with deployment.keys.commands() as client:
        await client.hset(f"{NAME}:alerts:waiting", "x", "y")
        await client.hset(f"{NAME}:alerts:mutes", "x", "y")
        await client.hset(f"{NAME}:alerts:left", "x", "y")
        await client.set(f"{NAME}:alerts:state", "y")

    assert await spill.all() == []
    assert await spill.left() == []
    assert (await spill.claim_lease("a", 30, overrides=False)).state == State()


async def test_mutes_of_both_stores_are_merged_and_the_earlier_end_counts(spill: Spill) -> None:
    mute = Mute(id=uuid4(), sources=(), reason="", began=NOW, until=NOW + timedelta(hours=1))
    ended = replace(mute, until=NOW)
    await spill.mute(mute)

    assert await spill.mutes() == [mute]
    assert active([mute, mute], NOW) == [mute]
    assert active([mute, ended], NOW) == []


class Clock:
    seconds = 1000.0


async def test_a_slow_valkey_is_not_used_again_for_a_while(
    deployment: Deployment,
) -> None:
    assert deployment.keys is not None
    clock, way = Clock(), Partition()
    spill = Spill(CutKeys(deployment.keys, way), NAME, lambda: clock.seconds)

    with anyio.CancelScope() as deadline:
        async with spill._commands():
            clock.seconds += SLOW_S
            deadline.cancel()
            await anyio.sleep_forever()
    with pytest.raises(SourceError, match="too slow a moment ago"):
        await spill.mutes()
    clock.seconds += RETRY_S
    assert await spill.mutes() == []

    way.cut = True  # a fast failure causes no pause
    for _ in range(2):
        with pytest.raises(SourceError, match="cut the connection"):
            await spill.mutes()
    way.cut = False
    assert await spill.mutes() == []
