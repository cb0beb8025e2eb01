"""Servers with different support of S3's conditions, in memory."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from structlog.testing import capture_logs

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.aws.calls import Calls
from service.errors import SourceError
from service.sources.s3 import errors
from service.sources.s3.notices import notices
from service.sources.s3.settings import Settings
from service.sources.s3.store import S3

pytestmark = pytest.mark.anyio

SETTINGS = Settings(bucket="beats", endpoint_url="https://there", key_id="k")


def refused(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")


class Objects(Calls):
    """One bucket in memory.

    Args:
        conditions: The server's treatment of conditions: `keep`, `ignore` or `refuse`.
        readable: Whether the key may read.
    """

    def __init__(self, conditions: str, *, readable: bool = True) -> None:
        super().__init__()
        self.conditions = conditions
        self.readable = readable
        self.objects: dict[str, bytes] = {}
        self.answer: dict[str, Any] = {}  # besides, in the answer to a write
        self.meanwhile: list[Heartbeat] = []  # written by others before our next write

    async def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        assert service == "s3"
        try:
            return getattr(self, operation)(**parameters)  # type: ignore[no-any-return]
        except ClientError as error:
            raise errors.translate(error) from error

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - S3's names
        assert Bucket == "beats"
        if not self.readable:
            raise refused("AccessDenied", 403)
        if Key not in self.objects:
            raise refused("NoSuchKey", 404)
        return {"Body": self.objects[Key], "ETag": etag(self.objects[Key])}

    def put_object(self, *, Key: str, Body: bytes, **parameters: Any) -> dict[str, Any]:  # noqa: N803
        conditional = parameters.keys() & {"IfMatch", "IfNoneMatch"}
        if self.meanwhile:
            self.objects[Key] = self.meanwhile.pop().model_dump_json().encode()
        there = self.objects.get(Key)
        if self.conditions == "refuse" and conditional:
            raise refused("NotImplemented", 501)
        if self.conditions == "keep" and conditional:
            if "IfNoneMatch" in parameters and there is not None:
                raise refused("PreconditionFailed", 412)
            if "IfMatch" in parameters and there is None:
                raise refused("NoSuchKey", 404)
            if "IfMatch" in parameters and parameters["IfMatch"] != etag(there or b""):
                raise refused("PreconditionFailed", 412)
        self.objects[Key] = Body
        return {"ETag": etag(Body), **self.answer}

    def renew(self) -> None:
        raise AssertionError

    def was_sent(self, error: Exception) -> bool:  # noqa: ARG002 - as Calls has it
        raise AssertionError

    def _client(self, service: str) -> Any:
        raise AssertionError(service)


def etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def beat(ago_s: float = 0.0) -> Heartbeat:
    return Heartbeat(name="worker", timestamp=utc_now() - timedelta(seconds=ago_s))


@pytest.mark.parametrize("conditions", ["keep", "ignore", "refuse"])
async def test_stamps_go_forward_on_every_server(conditions: str) -> None:
    server = Objects(conditions)
    one, other = S3(server, SETTINGS, "worker"), S3(server, SETTINGS, "worker")
    for n in range(8, 0, -1):
        heartbeat = beat(n)
        await (one if n % 2 else other).write(heartbeat)
        await (other if n % 2 else one).write(beat(n + 0.5))  # too late

        assert (await one.read()).stamp == heartbeat.timestamp


async def test_a_newer_stamp_that_lands_in_between_stays() -> None:
    server = Objects("keep")
    source, newer = S3(server, SETTINGS, "worker"), beat()
    await source.write(beat(4))
    await source.write(beat(3))
    server.meanwhile = [newer]

    await source.write(beat(1))

    assert (await source.read()).stamp == newer.timestamp


async def test_losing_every_attempt_is_reported() -> None:
    server = Objects("keep")
    server.meanwhile = [beat(n) for n in range(10, 30)]

    with pytest.raises(SourceError, match="another worker changed the object"):
        await S3(server, SETTINGS, "worker").write(beat())


async def test_nothing_is_overwritten_where_the_server_ignores_conditions() -> None:
    server = Objects("refuse", readable=False)
    source = S3(server, SETTINGS, "worker")

    for _ in range(2):
        with pytest.raises(SourceError, match="permission"):
            await source.write(beat())
    assert server.objects == {}


async def test_the_cost_of_the_buckets_rules_is_logged_once() -> None:
    server = Objects("keep")
    server.answer = {"VersionId": "v1", "Expiration": 'expiry-date="x"'}
    source = S3(server, SETTINGS, "worker")

    with capture_logs() as logs:
        await source.write(beat(1))
        await source.write(beat())

    first, second = (each["reason"] for each in logs if each["event"] == "bucket_notice")
    assert "43,200 a month" in first
    assert "expires" in second


@pytest.mark.parametrize(
    ("answer", "is_locked", "expected"),
    [
        ({}, False, []),
        ({"VersionId": "null"}, False, []),
        ({"VersionId": "3"}, False, ["versions: 43,200"]),
        ({"VersionId": "3"}, True, ["versions: 43,200", "object lock"]),
    ],
)
def test_a_notice_names_the_consequence(
    answer: dict[str, Any], is_locked: bool, expected: list[str]
) -> None:
    found = list(notices(answer, 60.0, is_locked=is_locked))

    assert len(found) == len(expected)
    assert all(part in text for part, text in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    ("code", "status", "word", "cause"),
    [
        ("PermanentRedirect", 301, ErrorWord.NOT_FOUND, Cause.OTHER_REGION),
        ("301", 301, ErrorWord.NOT_FOUND, Cause.OTHER_REGION),
        ("AuthorizationHeaderMalformed", 400, ErrorWord.NOT_FOUND, Cause.OTHER_REGION),
        ("TemporaryRedirect", 307, ErrorWord.UNREACHABLE, None),
        ("RequestTimeout", 400, ErrorWord.TIMEOUT, None),
        ("XAdminUserNotFound", 404, ErrorWord.AUTH, None),
        ("ExpiredToken", 400, ErrorWord.AUTH, None),
        ("404", 404, ErrorWord.UNSUPPORTED, Cause.NO_S3),
        ("SomethingNew", 404, ErrorWord.FAILED, None),
        ("SomethingNew", 403, ErrorWord.PERMISSION, None),
        ("SomethingNew", 429, ErrorWord.THROTTLED, None),
        ("SomethingNew", 502, ErrorWord.UNREACHABLE, None),
        ("InsufficientStorage", 507, ErrorWord.FULL, None),
        ("BadDigest", 400, ErrorWord.FAILED, None),
    ],
)
def test_a_refusal_becomes_an_error_word_and_a_cause_if_known(
    code: str, status: int, word: ErrorWord, cause: Cause | None
) -> None:
    found = errors.translate(refused(code, status))

    assert (found.word, found.cause) == (word, cause)


def test_an_answer_without_xml_is_not_from_s3() -> None:
    found = errors.translate(ResponseParserError("<html> with a secret in it"))

    assert (found.word, found.cause) == (ErrorWord.UNSUPPORTED, Cause.NO_S3)
    assert "secret" not in found.detail
