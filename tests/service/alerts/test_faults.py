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
from service.alerts.policy import policy
from tests.service.alerts.alertmanager import alertmanager
from tests.service.alerts.findings import silent, unreachable
from tests.service.alerts.mailbox import mailbox
from tests.service.alerts.receiver import Receiver, receiver
from tests.service.alerts.world import World, accepted, hook, kinds, world

pytestmark = pytest.mark.anyio

OPENED, RESOLVED = EventKind.OPENED, EventKind.RESOLVED
OUTAGE_S, WELL_S = 130.0, 330.0


@pytest.fixture
async def there(database: dict[str, str], keys: dict[str, str]) -> AsyncIterator[World]:
    async with world(database | keys) as found:
        yield found


@pytest.fixture
def who() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


async def rows(there: World) -> list[tuple[str, bool]]:
    """Return the outbox: each event, and whether it was delivered."""
    found = await there.rows("said->>'kind' AS kind, delivered IS NOT NULL AS delivered")
    return [(row.kind, row.delivered) for row in found]


async def test_a_store_that_fails_and_recovers_causes_two_events(
    there: World, who: Receiver
) -> None:
    there.step_least_s = 0
    there.start(hook(who))
    await there.run(60)
    began = there.now
    await there.run(OUTAGE_S, unreachable("valkey"))
    there.step_least_s = 10
    await there.run(WELL_S, [])

    assert kinds(who) == [OPENED, RESOLVED]
    assert accepted(who)[0].at - began <= timedelta(seconds=121)
    assert accepted(who)[0].alert_id == accepted(who)[1].alert_id
    assert await rows(there) == [("opened", True), ("resolved", True)]


async def test_a_worker_that_is_killed_is_one_alert_for_all_stores(
    there: World, who: Receiver
) -> None:
    there.start(hook(who))
    await there.run(OUTAGE_S + 60, silent("postgres", "valkey"))
    await there.run(WELL_S, [])

    assert kinds(who) == [OPENED, RESOLVED]


async def test_an_outage_of_postgresql_is_sent_without_it_and_recorded_afterwards(
    there: World, who: Receiver
) -> None:
    one = there.start(hook(who))
    await there.run(60)
    one.to_database.cut = True
    await there.run(OUTAGE_S, unreachable("postgres"))
    assert kinds(who) == [OPENED]
    assert await rows(there) == []

    one.to_database.cut = False
    await there.run(WELL_S, [])
    assert kinds(who) == [OPENED, RESOLVED]
    assert await rows(there) == [("opened", True), ("resolved", True)]


async def test_a_restart_while_postgresql_is_away_neither_repeats_nor_loses(
    there: World, who: Receiver
) -> None:
    one = there.start(hook(who))
    await there.run(60)
    one.to_database.cut = True
    await there.run(OUTAGE_S, unreachable("postgres"))

    there.stop(one)
    other = there.start(hook(who))
    other.to_database.cut = True
    await there.run(60)
    await there.run(OUTAGE_S)
    assert kinds(who) == [OPENED]

    other.to_database.cut = False
    await there.run(WELL_S, [])
    assert kinds(who) == [OPENED, RESOLVED]
    assert await rows(there) == [("opened", True), ("resolved", True)]


async def test_an_unsent_event_survives_a_restart_without_postgresql(
    there: World, who: Receiver
) -> None:
    one = there.start(hook(who))
    await there.run(60)
    one.to_database.cut = True
    who.answers = [500] * 30
    await there.run(OUTAGE_S, unreachable("postgres"))
    assert kinds(who) == []

    there.stop(one)
    who.answers = []
    other = there.start(hook(who))
    other.to_database.cut = True
    await there.run(90)

    assert kinds(who) == [OPENED]


async def test_each_instance_sends_an_outage_of_both_stores_under_one_id(
    there: World, who: Receiver
) -> None:
    one, other = there.start(hook(who)), there.start(hook(who))
    await there.run(60)
    for each in (one, other):
        each.to_database.cut = each.to_valkey.cut = True
    await there.run(OUTAGE_S, unreachable("postgres", "valkey"))
    assert kinds(who) == [OPENED, OPENED]
    assert len({event.id for event in accepted(who)}) == 1

    for each in (one, other):
        each.to_database.cut = each.to_valkey.cut = False
    await there.run(WELL_S, [])
    assert len({event.id for event in accepted(who)}) == 2
    assert kinds(who)[2:] == [RESOLVED]
    assert await rows(there) == [("opened", True), ("resolved", True)]


async def test_an_outage_of_valkey_changes_nothing_for_the_outbox(
    there: World, who: Receiver
) -> None:
    one = there.start(hook(who))
    one.to_valkey.cut = True
    await there.run(OUTAGE_S, unreachable("valkey"))
    await there.run(WELL_S, [])

    assert kinds(who) == [OPENED, RESOLVED]


async def test_only_one_of_two_instances_sends(there: World, who: Receiver) -> None:
    for _ in range(2):
        there.start(hook(who))
    await there.run(OUTAGE_S, unreachable("valkey"))
    await there.run(WELL_S, [])

    assert kinds(who) == [OPENED, RESOLVED]


async def test_the_other_instance_continues_where_the_first_was_killed(
    there: World, who: Receiver
) -> None:
    one, _ = there.start(hook(who)), there.start(hook(who))
    await there.run(60)
    await there.run(OUTAGE_S, unreachable("valkey"))
    there.stop(one)
    await there.run(30)
    await there.run(WELL_S, [])

    assert kinds(who) == [OPENED, RESOLVED]


async def test_an_instance_that_alone_cannot_reach_postgresql_yields(
    there: World, who: Receiver
) -> None:
    one, other = there.start(hook(who)), there.start(hook(who))
    await there.run(60)
    one.to_database.cut = True
    one.findings = unreachable("postgres")
    await there.run(20)
    await there.run(OUTAGE_S)
    assert kinds(who) == []

    await there.run(OUTAGE_S, unreachable("valkey"))
    one.to_database.cut, one.findings = False, None
    await there.run(60)
    there.stop(other)
    await there.run(60)
    await there.run(WELL_S, [])

    assert kinds(who) == [OPENED, RESOLVED]


async def test_an_instance_resolves_what_it_sent_alone_once_stores_are_back(
    there: World, who: Receiver
) -> None:
    one, _ = there.start(hook(who)), there.start(hook(who))
    await there.run(60)
    one.to_database.cut = one.to_valkey.cut = True
    one.findings = unreachable("postgres", "valkey")
    await there.run(20)
    await there.run(OUTAGE_S)
    assert kinds(who) == [OPENED]

    one.to_database.cut = one.to_valkey.cut = False
    one.findings = None
    await there.run(60)

    assert kinds(who) == [OPENED, RESOLVED]
    assert await rows(there) == [("opened", True), ("resolved", True)]


async def test_what_an_instance_sent_alone_is_resolved_even_if_it_is_killed(
    there: World, who: Receiver
) -> None:
    one, other = there.start(hook(who)), there.start(hook(who))
    await there.run(60)
    for each in (one, other):
        each.to_database.cut = True
    other.to_valkey.cut = True
    one.findings, other.findings = unreachable("postgres"), unreachable("postgres", "valkey")
    await there.run(OUTAGE_S)
    assert kinds(who) == [OPENED, OPENED]
    assert len({event.alert_id for event in accepted(who)}) == 2

    other.to_valkey.cut = False
    await other.step()
    there.stop(other)
    await there.run(60)
    one.to_database.cut = False
    one.findings = None
    await there.run(WELL_S, [])

    resolved = {event.alert_id for event in accepted(who) if event.kind is RESOLVED}
    assert resolved == {event.alert_id for event in accepted(who)}
    assert sorted(await rows(there)) == [("opened", True)] * 2 + [("resolved", True)] * 2
    assert one.stores.spill is not None
    assert await one.stores.spill.left() == []


async def test_a_process_killed_while_sending_repeats_it_under_the_same_id(
    there: World, who: Receiver
) -> None:
    one = there.start(hook(who))
    who.answers = [0]
    there.findings = unreachable("valkey")
    while not one.loop.outbox.waiting:
        there.pass_by(await one.loop.tick())
    with anyio.CancelScope() as killed:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.tell)
            await anyio.to_thread.run_sync(who.wait_for_any)
            killed.cancel()
    there.stop(one)
    who.released.set()

    there.start(hook(who))
    await there.run(45)
    assert kinds(who) == []  # the one that was killed may still be sending it
    await there.run(60)
    assert kinds(who) == [OPENED]
    assert len({each.headers["webhook-id"] for each in who.received}) == 1
    assert (await there.rows("attempts"))[0].attempts == 2


async def test_clock_steps_send_nothing_twice(there: World, who: Receiver) -> None:
    there.start(hook(who))
    await there.run(OUTAGE_S, unreachable("valkey"))
    for hours in (5, -9, 30):
        there.now += timedelta(hours=hours)
        await there.run(60)
    await there.run(WELL_S, [])

    assert kinds(who) == [OPENED, RESOLVED]


async def test_a_restart_during_an_open_alert_sends_nothing_twice(
    there: World, who: Receiver
) -> None:
    one = there.start(hook(who))
    await there.run(OUTAGE_S, unreachable("valkey"))
    await one.loop.lease.release()
    there.stop(one)
    there.start(hook(who))
    await there.run(OUTAGE_S)
    await there.run(WELL_S, [])

    assert kinds(who) == [OPENED, RESOLVED]


async def test_a_receiver_that_was_away_for_an_hour_gets_every_event_in_order(
    there: World, who: Receiver
) -> None:
    there.start(hook(who))
    who.answers = [503, -1, 500, 502] * 400
    await there.run(OUTAGE_S, unreachable("valkey"))
    await there.run(WELL_S, [])
    await there.run(OUTAGE_S, unreachable("postgres"))
    await there.run(WELL_S, [])
    there.step_least_s = 30
    await there.run(3600)
    assert kinds(who) == []

    who.answers = []
    await there.run(400)
    assert kinds(who) == [OPENED, RESOLVED, OPENED, RESOLVED]
    assert [delivered for _, delivered in await rows(there)] == [True] * 4


async def test_a_refused_event_is_not_sent_again_and_other_targets_get_it(
    there: World, who: Receiver
) -> None:
    with receiver() as refusing:
        refusing.answers = [401] * 9
        there.start(f"{hook(who)} {hook(refusing)}")
        await there.run(OUTAGE_S, unreachable("valkey"))
        await there.run(WELL_S, [])

        assert kinds(who) == [OPENED, RESOLVED]
        assert len(refusing.received) == 2  # one attempt of each event
        dead = await there.rows("dead IS NOT NULL AS dead, error")
        assert [row.error for row in dead if row.dead] == ["refused", "refused"]


async def test_every_kind_of_receiver_gets_events_in_order_while_another_hangs_up(
    there: World, who: Receiver, tmp_path: Path
) -> None:
    with receiver() as broken, mailbox() as box, alertmanager(tmp_path) as manager:
        broken.answers = [-1] * 1000
        mail = f"mailto://127.0.0.1:{box.port}?from=heartbeat@example.com&to=ops@example.com"
        shown = f"alertmanager+http://{manager.place}/prefix"
        # Alertmanager has a clock of its own: an end that lies ahead of it has not come yet.
        there.now = utc_now() - timedelta(seconds=OUTAGE_S + WELL_S + 60)
        there.start(f"{hook(broken)} {hook(who)} {mail} {shown}")
        await there.run(OUTAGE_S, unreachable("valkey"))
        assert len(manager.alerts()) == 1
        await there.run(WELL_S, [])

        assert manager.alerts() == []
        assert kinds(who) == [OPENED, RESOLVED]
        subjects = [str(message["Subject"]) for message in box.messages]
        assert len(subjects) == 2
        assert "Resolved" in subjects[1] or "resolved" in subjects[1], subjects
        assert kinds(broken) == []


async def test_retry_after_of_a_receiver_is_honoured(there: World, who: Receiver) -> None:
    one = there.start(hook(who))
    who.answers, who.retry_after = [429], "600"
    there.findings = unreachable("valkey")
    while not who.received:
        there.pass_by(await one.step())

    wait = await there.rows("extract(epoch FROM due - now()) AS wait_s")
    assert 590 < wait[0].wait_s <= 600


async def test_each_target_gets_reminders_by_its_own_setting(there: World, who: Receiver) -> None:
    with receiver() as often, receiver() as never:
        targets = [hook(who), hook(often, "&repeat=10m"), hook(never, "&repeat=0")]
        given = policy(60.0, reminders_s=(600.0, 4 * 3600.0))
        there.start(" ".join(targets), given)
        await there.run(OUTAGE_S + 1300, unreachable("valkey"))

        assert kinds(who) == kinds(never) == [OPENED]
        assert kinds(often) == [OPENED, EventKind.REMINDED, EventKind.REMINDED]


async def test_a_stored_mute_suppresses_alerts_and_what_still_fires_alerts_after_it(
    there: World, who: Receiver
) -> None:
    one = there.start(hook(who))
    mute = Mute(
        id=uuid4(),
        sources=(),
        reason="maintenance",
        began=there.now,
        until=utc_now() + timedelta(days=3000),
    )
    assert one.stores.ledger is not None
    await one.stores.ledger.mute(mute)
    await there.run(OUTAGE_S + 600, unreachable("valkey"))
    assert kinds(who) == []

    await one.stores.ledger.mute(replace(mute, until=utc_now()))
    await there.run(30)
    assert kinds(who) == [OPENED]


async def test_a_webhook_has_the_deployments_name_and_the_events_id(
    there: World, who: Receiver
) -> None:
    there.start(hook(who))
    await there.run(OUTAGE_S, unreachable("valkey"))

    (got,) = who.taken
    said = json.loads(got.body)
    assert said["deployment"] == "shop"
    assert said["id"] == got.headers["webhook-id"]
