import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from local.aws.process import RunningAws
from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import to_text, utc_now
from service.aws.client import Aws
from service.errors import SourceError
from service.settings import load
from service.sources import secrets_manager
from service.sources.secrets_manager.settings import SecretDetails
from service.sources.secrets_manager.store import SecretsManager
from tests.fakes import InterruptedAws
from tests.platform import admin
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def arn(aws: RunningAws, operator: Any) -> str:
    """Return the secret's ARN; its value is reset by a version of an older slot."""
    name = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    return str(operator.describe_secret(SecretId=name)["ARN"])


def connect(aws: RunningAws, **settings: str) -> SecretsManager:
    """Connect a source with a session of its own, as a separate process would."""
    environ = aws.environment() | settings
    loaded = load(environ)
    assert loaded.aws is not None
    return SecretsManager(Aws(loaded.aws), settings_of(environ, secrets_manager.KIND))


@pytest.fixture
def source(aws: RunningAws) -> SecretsManager:
    return connect(aws)


SLOT = timedelta(seconds=1800)


class Slots:
    """Times in half-hour slots that no other test of this session uses."""

    next = datetime(2020, 1, 1, tzinfo=UTC)

    @classmethod
    def take(cls) -> datetime:
        cls.next += SLOT
        return cls.next


@pytest.fixture
def slot() -> datetime:
    return Slots.take()


async def missing(source: SecretsManager, heartbeat: Heartbeat) -> ErrorWord | None:
    """Write, and return the error word of the part that was not written."""
    short = await source.write(heartbeat)
    return short.word if short else None


def beat(timestamp: datetime) -> Heartbeat:
    return Heartbeat(name="worker", timestamp=timestamp)


def value(operator: Any, arn: str) -> dict[str, Any]:
    text = operator.get_secret_value(SecretId=arn)["SecretString"]
    parsed: dict[str, Any] = json.loads(text)
    return parsed


async def test_the_first_write_of_a_slot_stamps_value_and_description(
    source: SecretsManager, operator: Any, arn: str, slot: datetime
) -> None:
    await source.write(beat(slot))

    assert value(operator, arn)["updated_at"] == to_text(slot)
    assert value(operator, arn)["updated_by"] == "worker"
    description = json.loads(operator.describe_secret(SecretId=arn)["Description"])
    assert description["updated_at"] == slot.isoformat().replace("+00:00", "Z")


async def test_further_writes_in_a_slot_create_no_version(
    source: SecretsManager, aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    await source.write(beat(slot))
    version = operator.describe_secret(SecretId=arn)["VersionIdsToStages"]
    aws.control.reset_counts()

    for seconds in range(1, 10):
        await source.write(beat(slot + timedelta(seconds=seconds)))

    assert operator.describe_secret(SecretId=arn)["VersionIdsToStages"] == version
    assert value(operator, arn)["updated_at"] == to_text(slot)
    found = await source.read()
    assert found.stamp == slot + timedelta(seconds=9)


async def test_a_restart_within_the_slot_adds_no_version(
    source: SecretsManager, aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    await source.write(beat(slot))
    versions = operator.describe_secret(SecretId=arn)["VersionIdsToStages"]
    other = connect(aws)

    assert await other.write(beat(slot + timedelta(seconds=60))) is None

    assert operator.describe_secret(SecretId=arn)["VersionIdsToStages"] == versions
    assert other.value.writes_since(utc_now() - SLOT) == 0
    assert source.value.writes_since(utc_now() - SLOT) == 1


async def test_a_value_that_someone_replaced_is_stamped_at_the_next_start(
    source: SecretsManager, aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    await source.write(beat(slot))
    operator.put_secret_value(SecretId=arn, SecretString='{"replaced": true}')
    later = slot + timedelta(seconds=60)

    assert await connect(aws).write(beat(later)) is None
    versions = operator.describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert await connect(aws).write(beat(later + timedelta(seconds=60))) is None

    assert value(operator, arn)["replaced"] is True
    assert value(operator, arn)["updated_at"] == to_text(later)
    assert operator.describe_secret(SecretId=arn)["VersionIdsToStages"] == versions


async def test_every_key_of_the_app_is_kept(
    source: SecretsManager, operator: Any, arn: str, slot: datetime
) -> None:
    operator.put_secret_value(SecretId=arn, SecretString='{"api_key": "k", "nested": {"a": [1]}}')

    await source.write(beat(slot))

    kept = value(operator, arn)
    assert (kept["api_key"], kept["nested"]) == ("k", {"a": [1]})


async def test_a_value_that_is_not_json_is_kept_under_value(
    source: SecretsManager, operator: Any, arn: str, slot: datetime
) -> None:
    operator.put_secret_value(SecretId=arn, SecretString="hunter2")

    await source.write(beat(slot))

    assert value(operator, arn)["value"] == "hunter2"


@pytest.fixture
def valueless(aws: RunningAws, operator: Any) -> Iterator[SecretsManager]:
    """Yield a source for a secret without a value, which the role may use."""
    arn = operator.create_secret(Name=f"valueless-{uuid4()}")["ARN"]
    roles = admin.operator(aws, "iam")
    policy = {"RoleName": aws.environment()["IAM_ROLE_ARN"].rsplit("/", 1)[1], "PolicyName": "more"}
    allowed = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    roles.put_role_policy(**policy, PolicyDocument=document)
    yield connect(aws, SECRETS_MANAGER_SECRET_NAME=arn)
    roles.delete_role_policy(**policy)
    operator.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


async def test_a_secret_without_a_value_exists_and_has_no_stamp(
    valueless: SecretsManager,
) -> None:
    found = await valueless.read()

    assert isinstance(found.details, SecretDetails)
    assert (found.details.arn, found.details.version_id) == (valueless.settings.secret, None)
    assert (found.stamp, found.details.value_stamp, found.error) == (None, None, None)


async def test_a_secret_without_a_value_is_treated_as_empty(
    valueless: SecretsManager, operator: Any, slot: datetime
) -> None:
    arn = valueless.settings.secret

    assert await valueless.write(beat(slot)) is None
    versions = operator.describe_secret(SecretId=arn)["VersionIdsToStages"]

    assert value(operator, arn) == {"updated_at": to_text(slot), "updated_by": "worker"}
    assert list(versions.values()) == [["AWSCURRENT"]]
    assert (await valueless.read()).stamp == slot


async def test_a_concurrent_first_value_is_not_lost(
    valueless: SecretsManager, operator: Any, slot: datetime
) -> None:
    arn = valueless.settings.secret

    async def give_one() -> None:
        operator.put_secret_value(SecretId=arn, SecretString='{"first": true}')

    interrupted = InterruptedAws(valueless.aws.settings, give_one)
    await SecretsManager(interrupted, valueless.settings).write(beat(slot))

    assert value(operator, arn)["first"] is True
    assert value(operator, arn)["updated_at"] == to_text(slot)


async def test_a_value_that_aws_does_not_find_is_not_treated_as_empty(
    source: SecretsManager, aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    operator.put_secret_value(SecretId=arn, SecretString='{"api_key": "k"}')
    aws.control.fail("GetSecretValue", "ResourceNotFoundException")

    assert await missing(source, beat(slot)) is ErrorWord.NOT_FOUND

    aws.control.clear()
    assert value(operator, arn) == {"api_key": "k"}


async def test_a_binary_value_is_reported_and_not_changed(
    source: SecretsManager, operator: Any, arn: str, slot: datetime
) -> None:
    operator.put_secret_value(SecretId=arn, SecretBinary=b"\x00\x01")
    try:
        assert await missing(source, beat(slot)) is ErrorWord.INVALID_DATA
        assert operator.get_secret_value(SecretId=arn)["SecretBinary"] == b"\x00\x01"
        assert (await source.read()).stamp == slot
    finally:
        operator.put_secret_value(SecretId=arn, SecretString="{}")


async def test_a_persons_description_is_kept_beside_the_stamp(
    source: SecretsManager, aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    operator.update_secret(SecretId=arn, Description="the app's secret")

    await source.write(beat(slot))
    await connect(aws).write(beat(slot + timedelta(seconds=60)))

    description = json.loads(operator.describe_secret(SecretId=arn)["Description"])
    assert description["note"] == "the app's secret"


async def test_a_key_set_between_reading_and_writing_is_not_lost(
    aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    async def edit() -> None:
        edited = json.dumps({"edited": "meanwhile"})
        operator.put_secret_value(SecretId=arn, SecretString=edited)

    plain = connect(aws)
    source = SecretsManager(InterruptedAws(plain.aws.settings, edit), plain.settings)

    await source.write(beat(slot))

    assert value(operator, arn)["edited"] == "meanwhile"
    assert value(operator, arn)["updated_at"] == to_text(slot)


async def test_without_quota_the_description_is_still_stamped_and_the_value_recovers(
    aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    source = connect(aws)
    aws.control.fail("UpdateSecret", "LimitExceededException", times=1)

    assert await missing(source, beat(slot)) is ErrorWord.QUOTA
    assert (await source.read()).stamp == slot
    assert await missing(source, beat(slot + timedelta(seconds=60))) is ErrorWord.QUOTA

    later = slot + SLOT
    assert await source.write(beat(later)) is None
    assert value(operator, arn)["updated_at"] == to_text(later)


@pytest.mark.parametrize(
    ("code", "status", "word"),
    [
        ("ThrottlingException", 400, ErrorWord.THROTTLED),
        ("InternalServiceError", 500, ErrorWord.UNREACHABLE),
        ("ServiceUnavailable", 503, ErrorWord.UNREACHABLE),
        ("AccessDeniedException", 400, ErrorWord.PERMISSION),
        ("ExpiredTokenException", 400, ErrorWord.AUTH),
        ("ResourceNotFoundException", 400, ErrorWord.NOT_FOUND),
        ("InvalidParameterException", 400, ErrorWord.INVALID_DATA),
        ("SomethingNew", 400, ErrorWord.FAILED),
    ],
)
async def test_each_refusal_of_aws_has_its_error_word(
    aws: RunningAws, slot: datetime, code: str, status: int, word: ErrorWord
) -> None:
    source = connect(aws)
    await source.write(beat(slot))
    aws.control.fail("UpdateSecret", code, status=status)
    aws.control.fail("DescribeSecret", code, status=status)

    with pytest.raises(SourceError) as written:
        await source.write(beat(slot + timedelta(seconds=60)))
    with pytest.raises(SourceError) as read:
        await source.read()

    assert (written.value.word, read.value.word) == (word, word)
    assert code in written.value.detail


async def test_an_expired_token_is_renewed_within_the_same_write(
    source: SecretsManager, aws: RunningAws, slot: datetime
) -> None:
    await source.write(beat(slot))
    aws.control.fail("UpdateSecret", "ExpiredTokenException", times=1)

    assert await source.write(beat(slot + timedelta(seconds=60))) is None

    assert source.aws.calls["CreateSession"] == 2


async def test_a_clock_that_differs_from_awss_prevents_writes_until_corrected(
    aws: RunningAws, slot: datetime
) -> None:
    loaded = load(aws.environment())
    assert loaded.aws is not None
    off = [timedelta(minutes=4)]
    identity = Aws(loaded.aws, now=lambda: utc_now() + off[0])
    source = SecretsManager(identity, settings_of(aws.environment(), secrets_manager.KIND))
    await connect(aws).write(beat(slot))

    for off[0] in (timedelta(minutes=4), timedelta(minutes=-4)):
        with pytest.raises(SourceError) as error:
            await source.write(beat(slot + timedelta(seconds=60)))
        assert error.value.word is ErrorWord.CLOCK
        assert "AWS's clock is" in error.value.detail
    assert (await source.read()).stamp == slot

    off[0] = timedelta()
    assert await source.write(beat(slot + timedelta(seconds=60))) is None


async def test_a_secret_that_is_being_deleted_is_not_found(
    source: SecretsManager, aws: RunningAws, operator: Any, arn: str, slot: datetime
) -> None:
    await source.write(beat(slot))
    operator.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    try:
        with pytest.raises(SourceError) as error:
            await source.write(beat(slot + timedelta(seconds=60)))
        found = await connect(aws).read()
    finally:
        operator.restore_secret(SecretId=arn)

    assert error.value.word is ErrorWord.NOT_FOUND
    assert found.error is ErrorWord.NOT_FOUND


async def test_reading_returns_the_values_stamp_and_rarely_requests_the_value(
    source: SecretsManager, aws: RunningAws, arn: str, slot: datetime
) -> None:
    await source.write(beat(slot))
    aws.control.reset_counts()

    found = [await source.read() for _ in range(5)]

    last = found[-1]
    assert isinstance(last.details, SecretDetails)
    assert (last.details.arn, last.details.value_stamp) == (arn, slot)
    assert source.aws.calls["GetSecretValue"] == 2  # one to write it, one to read it


async def test_a_value_without_read_permission_is_reported_and_hides_no_stamp(
    source: SecretsManager, aws: RunningAws, slot: datetime
) -> None:
    await source.write(beat(slot))
    aws.control.fail("GetSecretValue", "AccessDeniedException")

    found = await source.read()

    assert (found.stamp, found.error) == (slot, ErrorWord.PERMISSION)
    assert found.reachable
