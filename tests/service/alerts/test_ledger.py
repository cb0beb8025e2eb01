"""The lease, outbox and mutes of alerts on a real PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import anyio
import pytest

from schema.alerts import AlertEvent, DeliveryError, EventKind
from schema.timestamps import utc_now
from service.alerts.deliveries import Delivery, settle
from service.alerts.ledger import Ledger, LostLeaseError
from service.alerts.mutes import Mute
from service.alerts.senders.result import SendResult
from service.alerts.state import State
from tests.service.alerts.deployment import NAME, Deployment, deployed
from tests.service.alerts.events import event
from tests.service.alerts.findings import NOW

pytestmark = pytest.mark.anyio

ONE, TWO = UUID(int=1), UUID(int=2)
PENDING = State(runs=3)


@pytest.fixture
async def deployment(database: dict[str, str]) -> AsyncIterator[Deployment]:
    async with deployed(database) as found:
        yield found


@pytest.fixture
def ledger(deployment: Deployment) -> Ledger:
    assert deployment.database is not None
    return Ledger(deployment.database, NAME)


def delivery(
    kind: EventKind = EventKind.OPENED, *, alert: UUID = ONE, target: str = "t1"
) -> Delivery:
    content: AlertEvent = event(kind, alert=alert)
    return Delivery(event=content, target=target, created=NOW)


async def test_one_of_two_holds_the_lease_until_it_ends(
    ledger: Ledger, deployment: Deployment
) -> None:
    assert (await ledger.claim_lease("a", 30)).leads
    assert not (await ledger.claim_lease("b", 30)).leads
    assert (await ledger.claim_lease("a", 30)).leads

    await deployment.execute("UPDATE heartbeat_alerting SET until = now() - interval '1 s'")
    assert (await ledger.claim_lease("b", 30)).leads
    assert not (await ledger.claim_lease("a", 30)).leads


async def test_a_released_lease_is_free_immediately(ledger: Ledger) -> None:
    await ledger.claim_lease("a", 30)
    await ledger.release("b")
    assert not (await ledger.claim_lease("b", 30)).leads
    await ledger.release("a")

    assert (await ledger.claim_lease("b", 30)).leads


async def test_state_and_deliveries_are_written_together_by_the_holder_alone(
    ledger: Ledger,
) -> None:
    await ledger.claim_lease("a", 30)
    await ledger.save("a", 0, 1, PENDING, [delivery()])
    with pytest.raises(LostLeaseError):
        await ledger.save("b", 1, 2, State(), [delivery()])
    with pytest.raises(LostLeaseError):
        await ledger.save("a", 0, 1, State(), [delivery()])

    stood = await ledger.claim_lease("a", 30)
    assert (stood.seq, stood.state) == (1, PENDING)
    assert len(await ledger.waiting()) == 1


async def test_a_foreign_state_counts_as_none(ledger: Ledger, deployment: Deployment) -> None:
    await ledger.claim_lease("a", 30)
    await deployment.execute("""UPDATE heartbeat_alerting SET state = '{"runs": "x"}'""")

    assert (await ledger.claim_lease("a", 30)).state == State()


async def test_a_claim_counts_the_attempt_and_is_exclusive(ledger: Ledger) -> None:
    waiting = delivery()
    await ledger.merge([waiting])
    first = await ledger.claim("t1", 60)

    assert first is not None
    assert (first.key, first.attempts) == (waiting.key, 1)
    assert await ledger.claim("t1", 60) is None
    assert await ledger.claim("t2", 60) is None


async def test_a_delivery_whose_claim_has_expired_is_claimed_again(ledger: Ledger) -> None:
    await ledger.merge([delivery()])
    await ledger.claim("t1", 0)
    again = await ledger.claim("t1", 60)

    assert again is not None
    assert again.attempts == 2


async def test_concurrent_claims_get_each_row_once(ledger: Ledger) -> None:
    await ledger.merge([delivery(alert=UUID(int=i)) for i in range(20)])
    claimed: list[Delivery] = []

    async def claim_all() -> None:
        while found := await ledger.claim("t1", 60):
            claimed.append(found)

    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(claim_all)

    assert len({each.key for each in claimed}) == len(claimed) == 20


async def test_order_is_kept_per_alert_and_no_alert_waits_for_another(ledger: Ledger) -> None:
    opened, resolved = delivery(), delivery(EventKind.RESOLVED)
    other = delivery(alert=TWO)
    await ledger.merge([opened, resolved, other])

    first = await ledger.claim("t1", 60)
    second = await ledger.claim("t1", 60)
    assert first is not None
    assert second is not None
    assert (first.key, second.key) == (opened.key, other.key)
    assert await ledger.claim("t1", 60) is None

    await ledger.settle(settle(first, SendResult(), utc_now()))
    third = await ledger.claim("t1", 60)
    assert third is not None
    assert third.key == resolved.key


async def test_a_failed_delivery_waits_and_a_hopeless_one_is_dead(ledger: Ledger) -> None:
    await ledger.merge([delivery(), delivery(target="t2")])
    for target, word in (("t1", DeliveryError.FAILED), ("t2", DeliveryError.REFUSED)):
        claimed = await ledger.claim(target, 60)
        assert claimed is not None
        await ledger.settle(settle(claimed, SendResult(word), utc_now()))

    summaries = await ledger.summaries()
    assert (summaries["t1"].waiting, summaries["t1"].dead) == (1, 0)
    assert (summaries["t2"].waiting, summaries["t2"].dead) == (0, 1)
    assert (summaries["t1"].errors, summaries["t2"].errors) == (["failed"], ["refused"])
    assert await ledger.claim("t1", 60) is None

    assert await ledger.resend() == 1
    again = await ledger.claim("t2", 60)
    assert again is not None
    assert again.attempts == 1


async def test_a_delivery_that_fails_for_a_day_is_dead(
    ledger: Ledger, deployment: Deployment
) -> None:
    await ledger.merge([delivery()])
    await deployment.execute("UPDATE heartbeat_alert_outbox SET created = now() - interval '25 h'")

    assert await ledger.waiting() == []
    assert (await ledger.summaries())["t1"].errors == ["expired"]


async def test_merging_a_delivery_twice_keeps_one_row_that_stays_delivered(ledger: Ledger) -> None:
    waiting = delivery()
    await ledger.merge([waiting])
    await ledger.merge([replace(waiting, attempts=2, delivered=NOW)])
    await ledger.merge([waiting])

    assert await ledger.waiting() == []
    summary = (await ledger.summaries())["t1"]
    assert (summary.waiting, summary.delivered) == (0, NOW)


async def test_another_deployments_alerts_are_not_ours(
    deployment: Deployment, ledger: Ledger
) -> None:
    assert deployment.database is not None
    other = Ledger(deployment.database, "other")
    await ledger.merge([delivery()])
    await ledger.claim_lease("a", 30)

    assert (await other.claim_lease("b", 30)).leads
    assert await other.claim("t1", 60) is None
    assert await other.waiting() == []


async def test_the_newest_events_are_listed_once_each(ledger: Ledger) -> None:
    opened = delivery()
    await ledger.merge([replace(opened, delivered=NOW), replace(opened, target="t2")])
    await ledger.merge([delivery(EventKind.RESOLVED)])

    recent = await ledger.recent(utc_now() - timedelta(hours=1), 10)
    assert [(each.kind, each.delivered) for each in recent] == [
        (EventKind.RESOLVED, None),
        (EventKind.OPENED, NOW),
    ]


async def test_old_deliveries_are_deleted_and_waiting_ones_kept(
    ledger: Ledger, deployment: Deployment
) -> None:
    await ledger.merge([replace(delivery(), delivered=NOW), delivery(alert=TWO)])
    await deployment.execute("UPDATE heartbeat_alert_outbox SET created = now() - interval '91 d'")
    await ledger.prune()

    assert len(await deployment.rows()) == 1


async def test_a_mute_holds_until_its_end_is_brought_forward(ledger: Ledger) -> None:
    now = utc_now()
    mute = Mute(
        id=uuid4(),
        sources=("postgres",),
        reason="a new disk",
        began=now,
        until=now + timedelta(hours=1),
    )
    await ledger.mute(mute)
    await ledger.mute(replace(mute, until=now + timedelta(hours=2)))
    assert [each.until for each in await ledger.mutes()] == [mute.until]
    assert list((await ledger.claim_lease("a", 30)).mutes) == [mute]

    await ledger.mute(replace(mute, until=now))
    assert await ledger.mutes() == []
