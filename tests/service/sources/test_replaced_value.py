"""Somebody replaces the secret's value or description while the worker runs."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.aws.process import RunningAws
from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat, WorkerReport
from schema.timestamps import to_text, utc_now
from service.aws.client import Aws
from service.observation import Replacement
from service.settings import load
from service.sources import secrets_manager
from service.sources.secrets_manager.store import SecretsManager
from tests.service.configured import settings_of
from tests.service.sources.test_secrets_manager import Slots, connect

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
THEIRS = '{"password": "rotated"}'


@pytest.fixture
def arn(aws: RunningAws, operator: Any) -> str:
    name = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    return str(operator.describe_secret(SecretId=name)["ARN"])


@pytest.fixture
def source(aws: RunningAws) -> SecretsManager:
    return connect(aws)


@pytest.fixture
def slot() -> datetime:
    return Slots.take()


def beat(source: SecretsManager, timestamp: datetime) -> Heartbeat:
    """Return a stamp with the worker's report, as the loop creates it."""
    report = WorkerReport(
        id="w", version="1", started_at=timestamp, interval_seconds=60, next_due=timestamp + MINUTE
    )
    return Heartbeat(name="worker", timestamp=timestamp, report=source.add_to(report))


def value(operator: Any, arn: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(operator.get_secret_value(SecretId=arn)["SecretString"])
    return parsed


async def seen(source: SecretsManager) -> Replacement | None:
    """Return the API's reading."""
    return (await source.read()).replacement


async def test_a_replaced_value_is_stamped_in_the_next_cycle_and_both_times_are_reported(
    source: SecretsManager, aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    api = connect(aws)
    await source.write(beat(source, slot))
    assert await seen(api) is None
    before = utc_now()
    operator.put_secret_value(SecretId=arn, SecretString=THEIRS)
    made_at = operator.get_secret_value(SecretId=arn)["CreatedDate"].astimezone(UTC)
    unstamped = await seen(api)

    assert await source.write(beat(source, slot + MINUTE)) is None

    assert value(operator, arn) == {
        "password": "rotated",
        "updated_at": to_text(slot + MINUTE),
        "updated_by": "worker",
    }
    assert unstamped == Replacement(made_at=made_at, noticed=False)
    found = await seen(api)
    assert found is not None
    assert (found.made_at, found.noticed) == (made_at, True)
    assert found.rewritten_at is not None
    assert before <= found.rewritten_at <= utc_now()


async def test_a_value_that_keeps_the_stamp_is_not_a_replacement(
    source: SecretsManager, operator: Any, arn: str, slot: datetime
) -> None:
    await source.write(beat(source, slot))
    edited = json.dumps(value(operator, arn) | {"key": "new"})
    operator.put_secret_value(SecretId=arn, SecretString=edited)
    versions = operator.describe_secret(SecretId=arn)["VersionIdsToStages"]

    for minutes in (1, 2):
        assert await source.write(beat(source, slot + minutes * MINUTE)) is None

    assert operator.describe_secret(SecretId=arn)["VersionIdsToStages"] == versions
    assert await seen(source) is None


async def test_an_older_version_that_was_made_current_again_is_stamped_without_a_time(
    source: SecretsManager, operator: Any, arn: str, slot: datetime
) -> None:
    old = operator.put_secret_value(SecretId=arn, SecretString='{"key": "old"}')["VersionId"]
    clock = [utc_now() + timedelta(hours=1)]  # the version is an hour old for this worker
    source.value._now = source._now = lambda: clock[0]
    await source.write(beat(source, slot))
    current = operator.get_secret_value(SecretId=arn)["VersionId"]
    operator.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=old, RemoveFromVersionId=current
    )

    await source.write(beat(source, slot + MINUTE))

    found = await seen(source)
    assert value(operator, arn)["updated_at"] == to_text(slot + MINUTE)
    assert found == Replacement(made_at=None, noticed=True, rewritten_at=clock[0])


async def test_replacements_beyond_the_days_versions_wait_for_the_next_slot(
    aws: RunningAws, operator: Any, arn: str
) -> None:
    source = connect(aws, SECRET_VALUE_INTERVAL_SECONDS="900")  # 96 a day: two are left for ours
    slot = Slots.take()
    await source.write(beat(source, slot))
    for minute in (1, 2, 3):
        operator.put_secret_value(SecretId=arn, SecretString=json.dumps({"rotated": minute}))
        await source.write(beat(source, slot + minute * MINUTE))

    assert value(operator, arn) == {"rotated": 3}
    found = await seen(source)
    assert found is not None
    assert (found.noticed, found.rewritten_at) == (True, None)

    later = slot + timedelta(seconds=900)
    assert await source.write(beat(source, later)) is None
    assert value(operator, arn)["updated_at"] == to_text(later)


async def test_the_budget_is_restored_after_a_day(
    aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    loaded, clock = load(aws.environment()), [utc_now()]
    assert loaded.aws is not None
    settings = settings_of(
        aws.environment() | {"SECRET_VALUE_INTERVAL_SECONDS": "900"}, secrets_manager.KIND
    )
    source = SecretsManager(Aws(loaded.aws), settings, lambda: clock[0])
    await source.write(beat(source, slot))
    for minute in (1, 2):
        operator.put_secret_value(SecretId=arn, SecretString=json.dumps({"rotated": minute}))
        await source.write(beat(source, slot + minute * MINUTE))
    assert not source.value.may_rewrite

    clock[0] += timedelta(hours=24, seconds=1)

    assert source.value.may_rewrite


async def test_without_the_quota_a_replaced_value_is_not_tried_each_minute(
    source: SecretsManager, aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    await source.write(beat(source, slot))
    operator.put_secret_value(SecretId=arn, SecretString=THEIRS)
    aws.control.fail("UpdateSecret", "LimitExceededException", times=1)
    short = await source.write(beat(source, slot + MINUTE))
    reads = source.aws.calls["GetSecretValue"]

    again = await source.write(beat(source, slot + 2 * MINUTE))

    assert short is not None
    assert again is not None
    assert (short.word, again.word) == (ErrorWord.QUOTA, ErrorWord.QUOTA)
    assert source.aws.calls["GetSecretValue"] == reads


async def test_a_replaced_value_that_accepts_no_stamp_is_reported_until_it_does(
    source: SecretsManager, operator: Any, arn: str, slot: datetime
) -> None:
    await source.write(beat(source, slot))
    operator.put_secret_value(SecretId=arn, SecretBinary=b"\x00\x01")
    short = await source.write(beat(source, slot + MINUTE))
    operator.put_secret_value(SecretId=arn, SecretString=THEIRS)

    assert short is not None
    assert short.word is ErrorWord.INVALID_DATA
    assert await source.write(beat(source, slot + 2 * MINUTE)) is None
    assert value(operator, arn)["password"] == "rotated"
    assert value(operator, arn)["updated_at"] == to_text(slot + 2 * MINUTE)


async def test_a_description_that_somebody_replaced_is_stamped_and_its_text_is_kept(
    source: SecretsManager, operator: Any, arn: str, slot: datetime
) -> None:
    operator.update_secret(SecretId=arn, Description="before")
    await source.write(beat(source, slot))
    operator.update_secret(SecretId=arn, Description="a person's own words")

    await source.write(beat(source, slot + MINUTE))

    document = json.loads(operator.describe_secret(SecretId=arn)["Description"])
    assert document["note"] == "a person's own words"
    assert (await source.read()).stamp == slot + MINUTE


async def test_a_cycle_calls_describe_once_and_reads_no_unchanged_value(
    source: SecretsManager, slot: datetime
) -> None:
    await source.write(beat(source, slot))
    before = dict(source.aws.calls)

    for minute in range(1, 6):
        await source.write(beat(source, slot + minute * MINUTE))

    made = {name: count - before.get(name, 0) for name, count in source.aws.calls.items()}
    assert {name: count for name, count in made.items() if count} == {
        "DescribeSecret": 5,
        "UpdateSecret": 5,
    }
