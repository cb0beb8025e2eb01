"""A real API process is killed while it sends an alert, and starts again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import anyio
import pytest

from schema.alerts import AlertEvent, EventKind
from tests.service.alerts.deployment import accepted, deployed, hook
from tests.service.alerts.receiver import Receiver, receiving
from tests.service.alerts.test_api import QUICK
from tests.service.processes import Running, running

AWAY = {"PGPORT": "9"}  # nothing listens on the discard port
LEASES_S = 600.0  # longer than any lease or claim


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def leases_end(environ: dict[str, str]) -> None:
    """Advance the stores' clocks until every lease and claim has ended."""

    async def end() -> None:
        async with deployed(environ) as deployment:
            await deployment.stores_pass_by(LEASES_S)

    anyio.run(end)


def kill(api: Running) -> None:
    """Kill the process, so that it cannot clean up."""
    api.process.kill()
    assert api.process.exit_code is not None
    assert api.process.exit_code < 0


@dataclass(frozen=True)
class Moment:
    """The moment at which the process is killed.

    Attributes:
        without: Variables that make stores unreachable, also after the restart.
        answers: The receiver's statuses for the first requests; 0 hangs.
    """

    without: dict[str, str]
    answers: list[int]


MOMENTS = {
    "before the answer": Moment({}, [0]),
    "with the answer on its way": Moment({}, []),
    "before the answer, without PostgreSQL": Moment(AWAY, [0]),
    "with the answer on its way, without PostgreSQL": Moment(AWAY, []),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_an_api_killed_while_it_sends_loses_nothing_and_repeats_under_the_same_id(
    database: dict[str, str],
    keys: dict[str, str],
    receiver: Receiver,
    tmp_path: Path,
    moment: Moment,
) -> None:
    stores = database | keys
    leases_end(stores)  # migrates too
    whole = stores | QUICK | {"ALERT_TARGETS": hook(receiver)}
    receiver.answers = moment.answers
    with running("api", "PORT", whole | moment.without, tmp_path) as api:
        receiver.wait_for_any()
        kill(api)
    leases_end(stores)
    if moment.without:
        with running("api", "PORT", whole | moment.without, tmp_path):
            receiver.wait_for(1)

    with running("api", "PORT", whole, tmp_path):
        receiver.wait_for(1)
        with running("worker", "HEALTH_PORT", stores | QUICK, tmp_path):
            receiver.wait_until(
                lambda: ids(receiver, EventKind.RESOLVED) == ids(receiver, EventKind.OPENED)
            )

    sent = [AlertEvent.model_validate_json(request.body) for request in receiver.received]
    taken = accepted(receiver)
    assert {event.id for event in taken} == {event.id for event in sent}
    contents = {(event.alert_id, event.kind) for event in sent}
    assert len(contents) == len({event.id for event in sent})  # folded by it, each counts once
    for alert in ids(receiver, EventKind.OPENED):
        kinds = [event.kind for event in taken if event.alert_id == alert]
        assert kinds == sorted(kinds, key=[EventKind.OPENED, EventKind.RESOLVED].index)
    signed = {request.headers["webhook-id"] for request in receiver.received}
    assert signed == {str(event.id) for event in sent}


def ids(receiver: Receiver, kind: EventKind) -> set[UUID]:
    """Return the alerts with an event of this kind."""
    return {event.alert_id for event in accepted(receiver) if event.kind is kind}
