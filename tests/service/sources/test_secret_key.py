"""A secret with a customer's KMS key, with and without the role's right to use the key."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.aws.process import RunningAws
from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from service.aws.client import Aws
from service.errors import Shortfall
from service.settings import load
from service.sources import secrets_manager
from service.sources.secrets_manager.store import SecretsManager
from tests.platform import admin
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio
KEY = "arn:aws:kms:us-west-2:123456789012:key/0f1e2d3c-0000-4000-8000-000000000001"
SETTINGS = Path(__file__).parents[3].joinpath("docs/settings.md").read_text()
POLICY = SETTINGS.split("```json")[1].split("```")[0]
SLOTS = count()

Grant = Callable[[str], None]


@pytest.fixture
def secret(operator: Any) -> Iterator[str]:
    """The ARN of a secret with a customer's key."""
    made = operator.create_secret(Name=f"keyed-{uuid4()}", SecretString="{}", KmsKeyId=KEY)
    yield str(made["ARN"])
    operator.delete_secret(SecretId=made["ARN"], ForceDeleteWithoutRecovery=True)


@pytest.fixture
def grant(aws: RunningAws, secret: str) -> Iterator[Grant]:
    """Give the role the documented policy, by default for the test's key and secret."""
    iam = admin.operator(aws, "iam")
    policy = {"RoleName": aws.environment()["IAM_ROLE_ARN"].rsplit("/", 1)[1], "PolicyName": "key"}

    def give(key: str) -> None:
        document = POLICY.replace("SECRET_ARN", secret).replace("KEY_ARN", key)
        iam.put_role_policy(**policy, PolicyDocument=document.replace("REGION", "us-west-2"))

    yield give
    iam.delete_role_policy(**policy)


@pytest.fixture
def source(aws: RunningAws, secret: str) -> SecretsManager:
    environ = aws.environment() | {"SECRETS_MANAGER_SECRET_NAME": secret}
    loaded = load(environ)
    assert loaded.aws is not None
    return SecretsManager(Aws(loaded.aws), settings_of(environ, secrets_manager.KIND))


def beat() -> Heartbeat:
    return Heartbeat(
        name="worker", timestamp=datetime(2016, 1, 1, tzinfo=UTC) + timedelta(hours=next(SLOTS))
    )


async def test_with_the_documented_policy_value_and_description_are_written(
    source: SecretsManager, grant: Grant
) -> None:
    grant(KEY)
    heartbeat = beat()

    assert await source.write(heartbeat) is None

    found = await source.read()
    assert (found.stamp, found.error) == (heartbeat.timestamp, None)


async def test_without_the_right_to_the_key_the_stamp_is_written_and_the_cause_reported(
    source: SecretsManager, grant: Grant
) -> None:
    grant(KEY[:-1] + "2")
    heartbeat = beat()

    short = await source.write(heartbeat)

    detail = "AccessDeniedException (400) on GetSecretValue"
    assert short == Shortfall(ErrorWord.PERMISSION, Cause.KEY_DENIED, detail)
    found = await source.read()
    assert found.stamp == heartbeat.timestamp
    assert (found.error, found.cause) == (ErrorWord.PERMISSION, Cause.KEY_DENIED)


async def test_once_the_right_is_granted_the_next_write_is_whole(
    source: SecretsManager, grant: Grant
) -> None:
    grant(KEY[:-1] + "2")
    assert await source.write(beat()) is not None

    grant(KEY)

    assert await source.write(beat()) is None
    assert (await source.read()).cause is None


async def test_a_key_that_is_disabled_is_another_cause(
    source: SecretsManager, grant: Grant, aws: RunningAws
) -> None:
    grant(KEY)
    aws.control.fail("GetSecretValue", "DecryptionFailure")

    short = await source.write(beat())

    assert short is not None
    assert (short.word, short.cause) == (ErrorWord.PERMISSION, Cause.KEY_UNUSABLE)
