"""The fault table: each kind of failure, on real stores and against a real receiver."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import anyio
import pytest

from schema.alerts import EventKind
from schema.timestamps import utc_now
from service.alerts.mutes import Mute
from service.alerts.policy import Policy
from tests.service.alerts.alertmanager import alertmanager
from tests.service.alerts.deployment import Deployment, accepted, deployed, hook, kinds
from tests.service.alerts.findings import silent, unreachable
from tests.service.alerts.mailbox import mailbox
from tests.service.alerts.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio

OPENED, RESOLVED = EventKind.OPENED, EventKind.RESOLVED
OUTAGE_S, WELL_S = 130.0, 330.0


@pytest.fixture
async def deployment(database: dict[str, str], keys: dict[str, str]) -> AsyncIterator[Deployment]:
    async with deployed(database | keys) as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


async def rows(deployment: Deployment) -> list[tuple[str, bool]]:
    """Return the outbox: each event, and whether it was delivered."""
    found = await deployment.rows("said->>'kind' AS kind, delivered IS NOT NULL AS delivered")
    return [(row.kind, row.delivered) for row in found]


async def test_a_store_that_fails_and_recovers_causes_two_events(
    deployment: Deployment, receiver: Receiver
) -> None:
    deployment.step_least_s = 0
    deployment.start(hook(receiver))
    await deployment.run(60)
    began = deployment.now
    await deployment.run(OUTAGE_S, unreachable("valkey"))
    deployment.step_least_s = 10
    await deployment.run(WELL_S, [])

    assert kinds(receiver) == [OPENED, RESOLVED]
    assert accepted(receiver)[0].at - began <= timedelta(seconds=121)
    assert accepted(receiver)[0].alert_id == accepted(receiver)[1].alert_id
    assert await rows(deployment) == [("opened", True), ("resolved", True)]


async def test_a_worker_that_is_killed_is_one_alert_for_all_stores(
    deployment: Deployment, receiver: Receiver
) -> None:
    deployment.start(hook(receiver))
    await deployment.run(OUTAGE_S + 60, silent("postgres", "valkey"))
    await deployment.run(WELL_S, [])

    assert kinds(receiver) == [OPENED, RESOLVED]


async def test_an_outage_of_postgresql_is_sent_without_it_and_recorded_afterwards(
    deployment: Deployment, receiver: Receiver
) -> None:
    one = deployment.start(hook(receiver))
    await deployment.run(60)
    one.to_database.cut = True
    await deployment.run(OUTAGE_S, unreachable("postgres"))
    assert kinds(receiver) == [OPENED]
    assert await rows(deployment) == []

    one.to_database.cut = False
    await deployment.run(WELL_S, [])
    assert kinds(receiver) == [OPENED, RESOLVED]
    assert await rows(deployment) == [("opened", True), ("resolved", True)]


async def test_a_restart_while_postgresql_is_away_neither_repeats_nor_loses(
    deployment: Deployment, receiver: Receiver
) -> None:
    one = deployment.start(hook(receiver))
    await deployment.run(60)
    one.to_database.cut = True
    await deployment.run(OUTAGE_S, unreachable("postgres"))

    deployment.stop(one)
    other = deployment.start(hook(receiver))
    other.to_database.cut = True
    await deployment.run(60)
    await deployment.run(OUTAGE_S)
    assert kinds(receiver) == [OPENED]

    other.to_database.cut = False
    await deployment.run(WELL_S, [])
    assert kinds(receiver) == [OPENED, RESOLVED]
    assert await rows(deployment) == [("opened", True), ("resolved", True)]


async def test_an_unsent_event_survives_a_restart_without_postgresql(
    deployment: Deployment, receiver: Receiver
) -> None:
    one = deployment.start(hook(receiver))
    await deployment.run(60)
    one.to_database.cut = True
    receiver.answers = [500] * 30
    await deployment.run(OUTAGE_S, unreachable("postgres"))
    assert kinds(receiver) == []

    deployment.stop(one)
    receiver.answers = []
    other = deployment.start(hook(receiver))
    other.to_database.cut = True
    await deployment.run(90)

    assert kinds(receiver) == [OPENED]


async def test_each_instance_sends_an_outage_of_both_stores_under_one_id(
    deployment: Deployment, receiver: Receiver
) -> None:
    one, other = deployment.start(hook(receiver)), deployment.start(hook(receiver))
    await deployment.run(60)
    for each in (one, other):
        each.to_database.cut = each.to_valkey.cut = True
    await deployment.run(OUTAGE_S, unreachable("postgres", "valkey"))
    assert kinds(receiver) == [OPENED, OPENED]
    assert len({event.id for event in accepted(receiver)}) == 1

    for each in (one, other):
        each.to_database.cut = each.to_valkey.cut = False
    await deployment.run(WELL_S, [])
    assert len({event.id for event in accepted(receiver)}) == 2
    assert kinds(receiver)[2:] == [RESOLVED]
    assert await rows(deployment) == [("opened", True), ("resolved", True)]


async def test_an_outage_of_valkey_changes_nothing_for_the_outbox(
    deployment: Deployment, receiver: Receiver
) -> None:
    one = deployment.start(hook(receiver))
    one.to_valkey.cut = True
    await deployment.run(OUTAGE_S, unreachable("valkey"))
    await deployment.run(WELL_S, [])

    assert kinds(receiver) == [OPENED, RESOLVED]


async def test_only_one_of_two_instances_sends(deployment: Deployment, receiver: Receiver) -> None:
    for _ in range(2):
        deployment.start(hook(receiver))
    await deployment.run(OUTAGE_S, unreachable("valkey"))
    await deployment.run(WELL_S, [])

    assert kinds(receiver) == [OPENED, RESOLVED]


async def test_the_other_instance_continues_where_the_first_was_killed(
    deployment: Deployment, receiver: Receiver
) -> None:
    one, _ = deployment.start(hook(receiver)), deployment.start(hook(receiver))
    await deployment.run(60)
    await deployment.run(OUTAGE_S, unreachable("valkey"))
    deployment.stop(one)
    await deployment.run(30)
    await deployment.run(WELL_S, [])

    assert kinds(receiver) == [OPENED, RESOLVED]


async def test_an_instance_that_alone_cannot_reach_postgresql_yields(
    deployment: Deployment, receiver: Receiver
) -> None:
    one, other = deployment.start(hook(receiver)), deployment.start(hook(receiver))
    await deployment.run(60)
    one.to_database.cut = True
    one.findings = unreachable("postgres")
    await deployment.run(20)
    await deployment.run(OUTAGE_S)
    assert kinds(receiver) == []

    await deployment.run(OUTAGE_S, unreachable("valkey"))
    one.to_database.cut, one.findings = False, None
    await deployment.run(60)
    deployment.stop(other)
    await deployment.run(60)
    await deployment.run(WELL_S, [])

    assert kinds(receiver) == [OPENED, RESOLVED]


async def test_an_instance_resolves_what_it_sent_alone_once_stores_are_back(
    deployment: Deployment, receiver: Receiver
) -> None:
    one, _ = deployment.start(hook(receiver)), deployment.start(hook(receiver))
    await deployment.run(60)
    one.to_database.cut = one.to_valkey.cut = True
    one.findings = unreachable("postgres", "valkey")
    await deployment.run(20)
    await deployment.run(OUTAGE_S)
    assert kinds(receiver) == [OPENED]

    one.to_database.cut = one.to_valkey.cut = False
    one.findings = None
    await deployment.run(60)

    assert kinds(receiver) == [OPENED, RESOLVED]
    assert await rows(deployment) == [("opened", True), ("resolved", True)]


async def test_alerts_that_an_instance_sent_alone_are_resolved_even_if_it_is_killed(
    deployment: Deployment, receiver: Receiver
) -> None:
    one, other = deployment.start(hook(receiver)), deployment.start(hook(receiver))
    await deployment.run(60)
    for each in (one, other):
        each.to_database.cut = True
    other.to_valkey.cut = True
    one.findings, other.findings = unreachable("postgres"), unreachable("postgres", "valkey")
    await deployment.run(OUTAGE_S)
    assert kinds(receiver) == [OPENED, OPENED]
    assert len({event.alert_id for event in accepted(receiver)}) == 2

    other.to_valkey.cut = False
    await other.step()
    deployment.stop(other)
    await deployment.run(60)
    one.to_database.cut = False
    one.findings = None
    await deployment.run(WELL_S, [])

    resolved = {event.alert_id for event in accepted(receiver) if event.kind is RESOLVED}
    assert resolved == {event.alert_id for event in accepted(receiver)}
    assert sorted(await rows(deployment)) == [("opened", True)] * 2 + [("resolved", True)] * 2
    assert await one.stores.spill.left() == []


async def test_a_process_killed_while_sending_repeats_it_under_the_same_id(
    deployment: Deployment, receiver: Receiver
) -> None:
    one = deployment.start(hook(receiver))
    receiver.answers = [0]
    deployment.findings = unreachable("valkey")
    while not one.loop.outbox.waiting:
        deployment.pass_by(await one.loop.tick())
    with anyio.CancelScope() as killed:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.tell)
            await anyio.to_thread.run_sync(receiver.wait_for_any)
            killed.cancel()
    deployment.stop(one)
    receiver.released.set()

    deployment.start(hook(receiver))
    await deployment.run(45)
    assert kinds(receiver) == []  # the one that was killed may still be sending it
    await deployment.run(60)
    assert kinds(receiver) == [OPENED]
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    assert (await deployment.rows("attempts"))[0].attempts == 2


async def test_clock_steps_send_nothing_twice(deployment: Deployment, receiver: Receiver) -> None:
    deployment.start(hook(receiver))
    await deployment.run(OUTAGE_S, unreachable("valkey"))
    for hours in (5, -9, 30):
        deployment.now += timedelta(hours=hours)
        await deployment.run(60)
    await deployment.run(WELL_S, [])

    assert kinds(receiver) == [OPENED, RESOLVED]


async def test_a_restart_during_an_open_alert_sends_nothing_twice(
    deployment: Deployment, receiver: Receiver
) -> None:
    one = deployment.start(hook(receiver))
    await deployment.run(OUTAGE_S, unreachable("valkey"))
    await one.loop.lease.release()
    deployment.stop(one)
    deployment.start(hook(receiver))
    await deployment.run(OUTAGE_S)
    await deployment.run(WELL_S, [])

    assert kinds(receiver) == [OPENED, RESOLVED]


async def test_a_receiver_that_was_away_for_an_hour_gets_every_event_in_order(
    deployment: Deployment, receiver: Receiver
) -> None:
    deployment.start(hook(receiver))
    receiver.answers = [503, -1, 500, 502] * 400
    await deployment.run(OUTAGE_S, unreachable("valkey"))
    await deployment.run(WELL_S, [])
    await deployment.run(OUTAGE_S, unreachable("postgres"))
    await deployment.run(WELL_S, [])
    deployment.step_least_s = 30
    await deployment.run(3600)
    assert kinds(receiver) == []

    receiver.answers = []
    await deployment.run(400)
    assert kinds(receiver) == [OPENED, RESOLVED, OPENED, RESOLVED]
    assert [delivered for _, delivered in await rows(deployment)] == [True] * 4


async def test_a_refused_event_is_not_sent_again_and_other_targets_get_it(
    deployment: Deployment, receiver: Receiver
) -> None:
    with receiving() as refusing:
        refusing.answers = [401] * 9
        deployment.start(f"{hook(receiver)} {hook(refusing)}")
        await deployment.run(OUTAGE_S, unreachable("valkey"))
        await deployment.run(WELL_S, [])

        assert kinds(receiver) == [OPENED, RESOLVED]
        assert len(refusing.received) == 2  # one attempt of each event
        dead = await deployment.rows("dead IS NOT NULL AS dead, error")
        assert [row.error for row in dead if row.dead] == ["refused", "refused"]


async def test_every_kind_of_receiver_gets_events_in_order_while_another_hangs_up(
    deployment: Deployment, receiver: Receiver, tmp_path: Path
) -> None:
    with receiving() as broken, mailbox() as box, alertmanager(tmp_path) as manager:
        broken.answers = [-1] * 1000
        mail = f"mailto://127.0.0.1:{box.port}?from=heartbeat@example.com&to=ops@example.com"
        shown = f"alertmanager+http://{manager.place}/prefix"
        # Alertmanager uses the real clock, by which an end in simulated time may be in the future.
        deployment.now = utc_now() - timedelta(seconds=OUTAGE_S + WELL_S + 60)
        deployment.start(f"{hook(broken)} {hook(receiver)} {mail} {shown}")
        await deployment.run(OUTAGE_S, unreachable("valkey"))
        assert len(manager.alerts()) == 1
        await deployment.run(WELL_S, [])

        assert manager.alerts() == []
        assert kinds(receiver) == [OPENED, RESOLVED]
        subjects = [str(message["Subject"]) for message in box.messages]
        assert len(subjects) == 2
        assert "Resolved" in subjects[1] or "resolved" in subjects[1], subjects
        assert kinds(broken) == []


async def test_retry_after_of_a_receiver_is_honoured(
    deployment: Deployment, receiver: Receiver
) -> None:
    one = deployment.start(hook(receiver))
    receiver.answers, receiver.retry_after = [429], "600"
    deployment.findings = unreachable("valkey")
    while not receiver.received:
        deployment.pass_by(await one.step())

    wait = await deployment.rows("extract(epoch FROM due - now()) AS wait_s")
    assert 590 < wait[0].wait_s <= 600


async def test_each_target_gets_reminders_by_its_own_setting(
    deployment: Deployment, receiver: Receiver
) -> None:
    with receiving() as often, receiving() as never:
        targets = [hook(receiver), hook(often, "&repeat=10m"), hook(never, "&repeat=0")]
        reminding = Policy(interval_s=60.0, reminders_s=(600.0, 4 * 3600.0))
        deployment.start(" ".join(targets), reminding)
        await deployment.run(OUTAGE_S + 1300, unreachable("valkey"))

        assert kinds(receiver) == kinds(never) == [OPENED]
        assert kinds(often) == [OPENED, EventKind.REMINDED, EventKind.REMINDED]


async def test_a_stored_mute_suppresses_alerts_and_errors_that_remain_alert_after_it(
    deployment: Deployment, receiver: Receiver
) -> None:
    one = deployment.start(hook(receiver))
    mute = Mute(
        id=uuid4(),
        sources=(),
        reason="maintenance",
        began=deployment.now,
        until=utc_now() + timedelta(days=3000),
    )
    assert one.stores.ledger is not None
    await one.stores.ledger.mute(mute)
    await deployment.run(OUTAGE_S + 600, unreachable("valkey"))
    assert kinds(receiver) == []

    await one.stores.ledger.mute(replace(mute, until=utc_now()))
    await deployment.run(30)
    assert kinds(receiver) == [OPENED]


async def test_a_webhook_has_the_deployments_name_and_the_events_id(
    deployment: Deployment, receiver: Receiver
) -> None:
    deployment.start(hook(receiver))
    await deployment.run(OUTAGE_S, unreachable("valkey"))

    (got,) = receiver.taken
    message = json.loads(got.body)
    assert message["deployment"] == "shop"
    assert message["id"] == got.headers["webhook-id"]
