"""The secret's value with concurrent writers, and without permission to write."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from local.aws.process import RunningAws
from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat, WorkerReport
from schema.secret import Description
from schema.timestamps import to_text
from service.aws.client import Aws
from service.errors import SourceError
from service.kind import Shared
from service.observation import Observation
from service.settings import Settings, load
from service.sources import secrets_manager
from service.sources.secrets_manager.settings import SecretDetails
from service.sources.secrets_manager.settings import Settings as SecretSettings
from service.sources.secrets_manager.store import SecretsManager
from service.sources.secrets_manager.value import MERGES_MAX
from tests.fakes import NOW, InterruptedAws
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
SLOTS = count()  # half hours that nothing else writes a value in
NAME = "SECRETS_MANAGER_SECRET_NAME"


@pytest.fixture
def loaded(aws: RunningAws) -> Settings:
    return load(aws.environment())


@pytest.fixture
def described(aws: RunningAws) -> SecretSettings:
    return settings_of(aws.environment(), secrets_manager.KIND)


@pytest.fixture
def identity(loaded: Settings) -> Aws:
    assert loaded.aws is not None
    return Aws(loaded.aws)


async def missing(source: SecretsManager, heartbeat: Heartbeat) -> ErrorWord | None:
    """Write, and return the error word of the part that was not written."""
    short = await source.write(heartbeat)
    return short.word if short else None


def beat() -> Heartbeat:
    at = datetime(2015, 1, 1, tzinfo=UTC) + next(SLOTS) * HOUR
    return Heartbeat(name="worker", timestamp=at)


async def test_repeated_conflicts_end_the_attempts_on_the_value_but_not_the_stamp(
    loaded: Settings, described: SecretSettings, aws: RunningAws, operator: Any
) -> None:
    secret, heartbeat = aws.environment()[NAME], beat()

    async def overwrite() -> None:
        text = json.dumps({"of": len(interrupted._interrupts)})
        operator.put_secret_value(SecretId=secret, SecretString=text)

    assert loaded.aws is not None
    interrupted = InterruptedAws(loaded.aws, overwrite)
    interrupted._interrupts *= MERGES_MAX + 1

    assert await SecretsManager(interrupted, described).write(heartbeat) is None

    assert len(interrupted._interrupts) == 1  # there was no fourth attempt to interrupt
    value = json.loads(operator.get_secret_value(SecretId=secret)["SecretString"])
    assert value["updated_at"] == to_text(heartbeat.timestamp)
    assert value["of"] == MERGES_MAX - 1  # merged for the last time before its own last write


async def test_an_unreadable_value_is_not_written_and_the_description_still_is(
    identity: Aws, described: SecretSettings, aws: RunningAws, operator: Any
) -> None:
    source, heartbeat = SecretsManager(identity, described), beat()
    aws.control.fail("GetSecretValue", "AccessDeniedException")

    assert await missing(source, heartbeat) is ErrorWord.PERMISSION

    answer = operator.describe_secret(SecretId=aws.environment()[NAME])
    description = Description.from_text(answer["Description"])
    assert description is not None
    assert description.updated_at == heartbeat.timestamp
    assert source.value.writes_since(NOW) == 0


async def test_a_description_without_room_for_the_stamp_is_reported_with_a_remedy(
    identity: Aws, described: SecretSettings, aws: RunningAws, operator: Any
) -> None:
    secret = aws.environment()[NAME]
    before = operator.describe_secret(SecretId=secret).get("Description", "a person's own")
    operator.update_secret(SecretId=secret, Description="x" * 2000)

    try:
        with pytest.raises(SourceError, match="cut it to 1,800 characters") as error:
            await SecretsManager(identity, described).write(beat())
    finally:
        operator.update_secret(SecretId=secret, Description=before)

    assert error.value.word is ErrorWord.INVALID_DATA


async def test_a_value_is_read_again_after_five_minutes_or_when_its_version_changes(
    identity: Aws, described: SecretSettings, aws: RunningAws, operator: Any
) -> None:
    clock = [NOW]
    source = SecretsManager(identity, described, lambda: clock[0])

    async def reads() -> int:
        before = identity.calls.get("GetSecretValue", 0)
        await source.read()
        return identity.calls.get("GetSecretValue", 0) - before

    assert [await reads(), await reads()] == [1, 0]
    clock[0] += timedelta(minutes=5)
    assert [await reads(), await reads()] == [1, 0]
    operator.put_secret_value(SecretId=aws.environment()[NAME], SecretString="{}")
    assert [await reads(), await reads()] == [1, 0]


async def test_value_writes_are_counted_over_the_given_period(
    identity: Aws, described: SecretSettings
) -> None:
    clock = [NOW]
    source = SecretsManager(identity, described, lambda: clock[0])
    for _ in range(3):
        clock[0] += HOUR
        await source.write(beat())

    counts = [source.value.writes_since(NOW + hours * HOUR) for hours in (1, 2, 3, 4)]

    assert counts == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("value_stamp", "overdue"),
    [(None, True), (NOW - 1.5 * HOUR, False), (NOW - 1.6 * HOUR, True)],
)
def test_a_value_is_overdue_after_one_and_a_half_of_its_interval(
    value_stamp: datetime | None, *, overdue: bool
) -> None:
    report = WorkerReport(
        id="worker-1", version="1", started_at=NOW, interval_seconds=60, next_due=NOW
    )
    details = SecretDetails(
        name="s", arn="a", version_id=None, value_stamp=value_stamp, value_interval_s=3600
    )
    found = Observation(report=report, details=details)

    assert found.part_is_stale(NOW) is overdue
    assert not replace(found, report=None).part_is_stale(NOW)  # of someone who is not Heartbeat


def test_a_secret_cannot_be_connected_without_an_identity(
    described: SecretSettings,
) -> None:
    with pytest.raises(ValueError, match="needs the AWS identity"):
        secrets_manager.connect(described, Shared(name="worker"))
