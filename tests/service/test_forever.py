"""The secret over days of cycles stays within AWS's quota of versions, in simulated time.

Of each half-hour slot only the cycles that can create a version are simulated: those in which a
worker is the first, the second, or has just started. All others write a description, which creates
no version (test_secrets_manager proves that); one cycle per slot stands for them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from local.aws.process import RunningAws
from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat
from schema.secret import stamp_in_value
from service.aws.client import Aws
from service.errors import Shortfall
from service.settings import load
from service.sources import secrets_manager
from service.sources.secrets_manager.store import SecretsManager
from tests.fakes import InterruptedAws
from tests.platform.standin import standin
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
SLOT = timedelta(minutes=30)
RESTART_EVERY = 12  # slots


class Time:
    """The clock of the workers and of AWS."""

    day = first = datetime(2031, 1, 1, tzinfo=UTC)

    def __init__(self, aws: RunningAws, now: datetime) -> None:
        self.now = now
        self._aws = aws

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step
        self._aws.control.advance(step.total_seconds())


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    """A separate stand-in, because the versions of these tests would use up others' quota."""
    with standin(tmp_path_factory.mktemp("aws")) as process:
        yield process


@pytest.fixture
def aws(own: RunningAws, monkeypatch: pytest.MonkeyPatch) -> RunningAws:
    environ = own.environment()
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ROLESANYWHERE", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, environ[name])  # botocore reads these by itself
    return own


@pytest.fixture
def operator(aws: RunningAws) -> Any:  # Any: boto3's clients are made at run time
    environ = aws.operator_environment()
    return boto3.client(
        "secretsmanager",
        region_name=environ["AWS_DEFAULT_REGION"],
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture
def secret(aws: RunningAws, operator: Any) -> str:
    """The secret's ARN."""
    answer = operator.describe_secret(SecretId=aws.environment()["SECRETS_MANAGER_SECRET_NAME"])
    return str(answer["ARN"])


@pytest.fixture
def time(aws: RunningAws) -> Time:
    """A later day, on which AWS has removed the versions of earlier tests."""
    Time.day += 4 * DAY
    aws.control.reset()
    aws.control.advance((Time.day - Time.first).total_seconds())
    return Time(aws, Time.day)


def worker(aws: RunningAws, time: Time, **settings: str) -> SecretsManager:
    """Return the source of a new process."""
    environ = aws.environment() | settings
    loaded = load(environ)
    assert loaded.aws is not None
    return SecretsManager(Aws(loaded.aws), settings_of(environ, secrets_manager.KIND), now=time)


def beat(time: Time) -> Heartbeat:
    return Heartbeat(name="worker", timestamp=time.now)


def versions(operator: Any, secret: str) -> list[datetime]:
    """Return the creation time of each version, by AWS's clock."""
    found: list[datetime] = []
    token: dict[str, str] = {}
    while True:
        answer = operator.list_secret_version_ids(
            SecretId=secret, IncludeDeprecated=True, MaxResults=100, **token
        )
        found += [version["CreatedDate"] for version in answer["Versions"]]
        if "NextToken" not in answer:
            return sorted(found)
        token = {"NextToken": answer["NextToken"]}


def most_in_a_day(moments: list[datetime]) -> int:
    return max(sum(start <= other < start + DAY for other in moments) for start in moments)


async def test_two_days_of_two_workers_and_restarts_stay_far_below_the_quota(
    aws: RunningAws, operator: Any, secret: str, time: Time
) -> None:
    one, two = worker(aws, time), worker(aws, time)
    made: list[datetime] = []
    results: set[Shortfall | None] = set()
    known = set(versions(operator, secret))

    for slot in range(int(2 * DAY / SLOT)):
        if slot % RESTART_EVERY == 0:
            one, two = two, worker(aws, time)  # a rolling deployment: the older one goes
        for source in (one, two, one):
            results.add(await source.write(beat(time)))
            time.advance(SLOT / 3)
        if slot % RESTART_EVERY == 0:  # AWS keeps each for a day
            now = set(versions(operator, secret))
            made += now - known
            known = now
    made += set(versions(operator, secret)) - known

    assert results == {None}
    assert len(made) == int(2 * DAY / SLOT)
    assert most_in_a_day(made) <= 50


async def test_an_hour_of_beats_makes_one_version_per_slot(
    aws: RunningAws, operator: Any, secret: str, time: Time
) -> None:
    one, two = worker(aws, time), worker(aws, time)
    before = set(versions(operator, secret))

    for _ in range(60):
        assert await one.write(beat(time)) is None
        assert await two.write(beat(time)) is None
        time.advance(timedelta(minutes=1))

    made = set(versions(operator, secret)) - before
    assert len(made) == 2


async def test_without_pacing_only_the_value_exceeds_the_quota_and_it_recovers(
    aws: RunningAws, operator: Any, secret: str, time: Time
) -> None:
    source = worker(aws, time, SECRET_VALUE_INTERVAL_SECONDS="60")
    results: list[ErrorWord | None] = []

    for _ in range(120):
        time.advance(timedelta(minutes=1))
        short = await source.write(beat(time))
        results.append(short.word if short else None)

    broken_at = results.index(ErrorWord.QUOTA)
    assert 95 <= broken_at <= 100
    assert results == [None] * broken_at + [ErrorWord.QUOTA] * (120 - broken_at)
    last = time.now
    assert (await source.read()).report is None
    assert f"{last:%Y-%m-%dT%H:%M}" in operator.describe_secret(SecretId=secret)["Description"]
    stamp = stamp_in_value(operator.get_secret_value(SecretId=secret)["SecretString"])
    assert stamp is not None
    assert stamp < last - timedelta(minutes=15)

    time.advance(DAY)
    assert await source.write(beat(time)) is None
    stamp = stamp_in_value(operator.get_secret_value(SecretId=secret)["SecretString"])
    assert stamp == time.now


async def test_two_workers_do_not_lose_a_persons_edit(
    aws: RunningAws, operator: Any, secret: str, time: Time
) -> None:
    two = worker(aws, time)

    async def interrupt() -> None:
        """Edit as a person, then write as the other worker."""
        operator.put_secret_value(SecretId=secret, SecretString='{"edited": "meanwhile"}')
        assert await two.write(beat(time)) is None

    plain = worker(aws, time)
    interrupted = InterruptedAws(plain.aws.settings, interrupt)
    one = SecretsManager(interrupted, plain.settings, now=time)

    assert await one.write(beat(time)) is None
    time.advance(timedelta(minutes=1))
    assert await one.write(beat(time)) is None
    assert await two.write(beat(time)) is None

    value = operator.get_secret_value(SecretId=secret)["SecretString"]
    assert '"edited": "meanwhile"' in value
    assert stamp_in_value(value) == time.now - timedelta(minutes=1)
