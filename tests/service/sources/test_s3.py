import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.aws.environment import BUCKET
from local.aws.process import RunningAws
from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.aws.client import Aws
from service.errors import SourceError
from service.settings import load
from service.source import Source
from service.sources import s3
from service.sources.s3.client import IdentityCalls, KeyCalls
from service.sources.s3.store import S3
from tests.platform import admin
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def operator_s3(aws: RunningAws) -> Any:
    """A boto3 client with all rights."""
    return admin.operator(aws, "s3")


Connect = Callable[..., S3]


@pytest.fixture
def connect(aws: RunningAws, author: str) -> Connect:
    """Return a function that connects a source like a separate process, with the AWS identity."""

    def made(bucket: str = BUCKET, query: str = "", **more: Any) -> S3:
        environ = aws.environment()
        url = f"s3://{bucket}?endpoint={environ['AWS_ENDPOINT_URL']}{query}"
        environ |= {"HEARTBEAT_SOURCE_S3": url}
        loaded = load(environ)
        assert loaded.aws is not None
        settings = settings_of(environ, s3.KIND)
        return S3(IdentityCalls(settings, Aws(loaded.aws)), settings, author, **more)

    return made


def beat(author: str, ago_s: float = 0.0) -> Heartbeat:
    return Heartbeat(name=author, timestamp=utc_now() - timedelta(seconds=ago_s))


async def refusal(source: Source, heartbeat: Heartbeat) -> tuple[ErrorWord, Cause | None]:
    with pytest.raises(SourceError) as caught:
        await source.write(heartbeat)
    return caught.value.word, caught.value.cause


async def test_a_cycle_costs_one_call_once_conditions_are_known_to_work(
    connect: Connect, author: str
) -> None:
    source = connect()
    for _ in range(3):
        await source.write(beat(author))
    before = dict(source.calls.calls)

    await source.write(beat(author))

    assert source.calls.calls == {**before, "PutObject": before["PutObject"] + 1}


async def test_concurrent_writers_never_restore_an_older_stamp(
    connect: Connect, author: str
) -> None:
    one, other = connect(), connect()
    for source in (one, one, other, other):
        await source.write(beat(author, 3))
    newer, older = beat(author), beat(author, 1)
    await other.write(newer)

    assert await one.write(older) is None

    assert (await one.read()).stamp == newer.timestamp


async def test_a_stamp_from_the_future_is_replaced(connect: Connect, author: str) -> None:
    source = connect()
    await source.write(beat(author, -3600))
    heartbeat = beat(author)

    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


async def test_an_object_that_was_deleted_is_made_again(
    connect: Connect, author: str, operator_s3: Any
) -> None:
    source = connect()
    await source.write(beat(author, 2))
    await source.write(beat(author, 1))
    operator_s3.delete_object(Bucket=BUCKET, Key=source.key)
    heartbeat = beat(author)

    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


@pytest.mark.parametrize("content", [b"", b"a,b\n", b'{"name": 1}', b"x" * 1_000_001])
async def test_an_object_that_heartbeat_did_not_write_is_not_changed(
    connect: Connect, author: str, operator_s3: Any, content: bytes
) -> None:
    source = connect()
    operator_s3.put_object(Bucket=BUCKET, Key=source.key, Body=content)

    assert (await refusal(source, beat(author)))[0] is ErrorWord.INVALID_DATA

    found = operator_s3.get_object(Bucket=BUCKET, Key=source.key)["Body"].read()
    assert found == content
    with pytest.raises(SourceError, match="invalid_data"):
        await source.read()


async def test_a_bucket_that_is_not_there_is_not_found(connect: Connect, author: str) -> None:
    nowhere = connect("nowhere-at-all")

    # The role may not even look there, and S3 does not reveal which buckets exist.
    assert (await refusal(nowhere, beat(author)))[0] is ErrorWord.PERMISSION


@pytest.fixture(params=["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def keyed(
    aws: RunningAws, author: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Connect:
    """Return a function that connects a source with access keys, as for Spaces."""
    environ = aws.operator_environment()
    monkeypatch.setenv(request.param, environ["AWS_CA_BUNDLE"])

    def made(bucket: str = BUCKET, secret: str = environ["AWS_SECRET_ACCESS_KEY"]) -> S3:
        user = f"{environ['AWS_ACCESS_KEY_ID']}:{secret.replace('/', '%2F').replace('+', '%2B')}"
        query = f"endpoint={environ['AWS_ENDPOINT_URL']}&region={environ['AWS_REGION']}"
        url = f"s3://{user}@{bucket}/app?{query}"
        settings = settings_of({"HEARTBEAT_SOURCE_S3": url}, s3.KIND)
        return S3(KeyCalls(settings), settings, author)

    return made


async def test_keys_of_its_own_need_no_aws_identity(keyed: Connect, author: str) -> None:
    heartbeat = beat(author)

    await keyed().write(heartbeat)

    assert (await keyed().read()).stamp == heartbeat.timestamp


async def test_with_keys_a_missing_bucket_and_a_wrong_secret_have_different_words(
    keyed: Connect, author: str
) -> None:
    assert (await refusal(keyed("no-such-bucket"), beat(author)))[0] is ErrorWord.NOT_FOUND
    wrong = keyed(secret="wrong")
    assert (await refusal(wrong, beat(author)))[0] is ErrorWord.AUTH


@pytest.fixture
def rights(aws: RunningAws) -> Any:
    """Return a function that sets the role's rights to the bucket; restore them afterwards."""
    roles = admin.operator(aws, "iam")
    named = {"RoleName": "heartbeat-local", "PolicyName": "heartbeat-bucket"}
    before = roles.get_role_policy(**named)["PolicyDocument"]

    def allow(*actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        roles.put_role_policy(**named, PolicyDocument=json.dumps(document))

    yield allow
    roles.put_role_policy(**named, PolicyDocument=json.dumps(before))


async def test_the_first_stamp_is_written_without_the_right_to_list(
    connect: Connect, author: str, rights: Any
) -> None:
    rights("s3:GetObject", "s3:PutObject")
    source, heartbeat = connect(), beat(author)
    with pytest.raises(SourceError, match="permission"):
        await source.read()

    assert await source.write(heartbeat) is None

    assert (await source.read()).stamp == heartbeat.timestamp


@pytest.mark.parametrize("missing", ["s3:GetObject", "s3:PutObject"])
async def test_a_missing_right_is_reported_as_permission(
    connect: Connect, author: str, rights: Any, missing: str
) -> None:
    await connect().write(beat(author, 1))
    allowed = {"s3:GetObject", "s3:PutObject", "s3:ListBucket"} - {missing}
    rights(*allowed)

    assert (await refusal(connect(), beat(author)))[0] is ErrorWord.PERMISSION


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("SlowDown", 503, (ErrorWord.THROTTLED, None)),
        ("ServiceUnavailable", 503, (ErrorWord.UNREACHABLE, None)),
        ("InternalError", 500, (ErrorWord.UNREACHABLE, None)),
        ("RequestTimeTooSkewed", 403, (ErrorWord.CLOCK, None)),
        ("InvalidAccessKeyId", 403, (ErrorWord.AUTH, None)),
        ("AccessDenied", 403, (ErrorWord.PERMISSION, None)),
        ("NoSuchBucket", 404, (ErrorWord.NOT_FOUND, None)),
        ("QuotaExceeded", 403, (ErrorWord.QUOTA, None)),
        ("MethodNotAllowed", 405, (ErrorWord.UNSUPPORTED, Cause.NO_S3)),
        ("KMS.DisabledException", 400, (ErrorWord.PERMISSION, Cause.KEY_UNUSABLE)),
    ],
)
async def test_each_refusal_of_s3_has_its_error_word(
    connect: Connect,
    aws: RunningAws,
    author: str,
    *,
    code: str,
    status: int,
    expected: tuple[ErrorWord, Cause | None],
) -> None:
    source = connect()
    await source.write(beat(author, 1))
    aws.control.fail("PutObject", code, status=status)
    try:
        assert await refusal(source, beat(author)) == expected
    finally:
        aws.control.clear()

    assert await source.write(beat(author)) is None


async def test_a_hanging_bucket_does_not_delay_other_calls_of_the_identity(
    connect: Connect, aws: RunningAws, author: str
) -> None:
    source = connect()
    assert isinstance(source.calls, IdentityCalls)
    identity = source.calls._aws
    await source.write(beat(author, 1))
    aws.control.hang("PutObject")
    try:
        with pytest.raises(SourceError, match="timeout"):
            await source.write(beat(author))
        assert (await identity.call("sts", "get_caller_identity"))["Account"]
    finally:
        aws.control.clear()


async def test_a_wrong_clock_prevents_the_write(connect: Connect, author: str) -> None:
    off = [timedelta(0)]
    source = connect()
    source.calls._now = lambda: utc_now() + off[0]
    await source.write(beat(author, 1))
    before = (await source.read()).stamp
    off[0] = timedelta(seconds=60)
    await source.read()  # from its answer the skew is known

    assert (await refusal(source, beat(author)))[0] is ErrorWord.CLOCK

    off[0] = timedelta(0)
    assert (await source.read()).stamp == before
    assert await source.write(beat(author)) is None
