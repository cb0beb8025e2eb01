import json
from typing import Any

import pytest

from stack import settings
from stack.preflight import aws
from tests.stack import recorder
from tests.stack.conftest import OLD_KEY, OLD_SECRET


class RefusedError(Exception):
    """The error that the fake's clients raise."""


class FakeAws:
    """An AWS with answers by operation; it refuses all other operations."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[dict[str, Any]] = []

    def client(self, _name: str) -> Any:
        return self

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls.append(arguments)
            if operation not in self.answers:
                raise RefusedError
            return self.answers[operation]

        return call


SESSION = {"Arn": "arn:aws:sts::111122223333:assumed-role/admin/ada"}


def _decisions(decision: str) -> dict[str, Any]:
    return {
        "EvaluationResults": [
            {"EvalActionName": action, "EvalDecision": decision} for action in aws.ACTIONS
        ]
    }


def test_without_credentials_the_remedy_is_to_log_in() -> None:
    (finding,) = aws.check(FakeAws(), (RefusedError,), None)

    assert finding.verdict == "bad"
    assert "log in" in finding.remedy


def test_a_role_with_all_permissions_is_good() -> None:
    cloud = FakeAws(get_caller_identity=SESSION, simulate_principal_policy=_decisions("allowed"))

    found = list(aws.check(cloud, (RefusedError,), None))

    assert {f.verdict for f in found} == {"good"}
    assert cloud.calls[1]["PolicySourceArn"] == "arn:aws:iam::111122223333:role/admin"


def test_denied_actions_are_named() -> None:
    denied = _decisions("implicitDeny")
    cloud = FakeAws(get_caller_identity=SESSION, simulate_principal_policy=denied)

    found = list(aws.check(cloud, (RefusedError,), None))

    assert found[-1].verdict == "bad"
    assert "iam:CreateRole" in found[-1].says


def test_without_permission_to_simulate_the_result_is_unknown() -> None:
    found = list(aws.check(FakeAws(get_caller_identity=SESSION), (RefusedError,), None))

    assert found[-1].verdict == "unknown"


def test_an_existing_secret_must_exist() -> None:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    chosen = settings.parse(values | {"secretArn": OLD_SECRET})

    missing = list(aws.check(FakeAws(get_caller_identity=SESSION), (RefusedError,), chosen))
    cloud = FakeAws(get_caller_identity=SESSION, describe_secret={})
    there = list(aws.check(cloud, (RefusedError,), chosen))

    assert (missing[-1].subject, missing[-1].verdict) == ("secret", "bad")
    assert (there[-1].subject, there[-1].verdict) == ("secret", "good")


def chosen(**changes: str) -> settings.Settings:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    return settings.parse(values | changes)


@pytest.mark.parametrize(
    ("secret", "key", "verdict", "says"),
    [
        ({}, "", None, ""),
        ({"KmsKeyId": "alias/aws/secretsmanager"}, "", None, ""),
        ({"KmsKeyId": OLD_KEY}, "", "warning", "which the role may not use"),
        ({"KmsKeyId": "alias/ours"}, "", "warning", "which the role may not use"),
        ({"KmsKeyId": OLD_KEY}, OLD_KEY, None, ""),
        ({"KmsKeyId": OLD_KEY.rpartition("/")[2]}, OLD_KEY, None, ""),
        ({"KmsKeyId": "alias/ours"}, OLD_KEY, None, ""),
        ({"KmsKeyId": OLD_KEY[:-1] + "2"}, OLD_KEY, "warning", "not secretKmsKeyArn"),
        ({}, OLD_KEY, "warning", "under AWS's own key"),
    ],
)
def test_an_existing_secret_must_use_the_configured_key(
    secret: dict[str, str], key: str, verdict: str | None, says: str
) -> None:
    cloud = FakeAws(get_caller_identity=SESSION, describe_secret=secret)
    settings_ = chosen(secretArn=OLD_SECRET, secretKmsKeyArn=key)

    found = [f for f in aws.check(cloud, (RefusedError,), settings_) if f.subject == "key"]

    assert [f.verdict for f in found] == ([verdict] if verdict else [])
    assert all(says in f.says for f in found)


@pytest.mark.parametrize(
    ("metadata", "verdict"),
    [
        ({"KeyState": "Enabled"}, "good"),
        ({"KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT"}, "good"),
        ({"KeyState": "Disabled"}, "bad"),
        ({"KeyState": "PendingDeletion"}, "bad"),
        ({"KeyState": "Enabled", "KeySpec": "RSA_2048"}, "bad"),
        (None, "unknown"),
    ],
)
def test_the_key_of_a_new_secret_must_be_usable(
    metadata: dict[str, str] | None, verdict: str
) -> None:
    answers: dict[str, Any] = {"get_caller_identity": SESSION}
    if metadata:
        answers["describe_key"] = {"KeyMetadata": metadata}

    found = list(aws.check(FakeAws(**answers), (RefusedError,), chosen(secretKmsKeyArn=OLD_KEY)))

    assert (found[-1].subject, found[-1].verdict) == ("key", verdict)


ENCRYPTION = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
NAMED = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OLD_KEY}
}
PLAIN = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


@pytest.mark.parametrize(
    ("head", "rule", "key", "expected"),
    [
        (None, None, "", [("bucket", "unknown")]),
        ({"BucketRegion": "eu-west-1"}, None, "", [("bucket", "bad")]),
        ({"BucketRegion": "us-west-2"}, None, "", [("bucket", "good")]),
        ({}, PLAIN, "", [("bucket", "good")]),
        ({}, ENCRYPTION, "", [("bucket", "good")]),
        ({}, NAMED, "", [("bucket", "good"), ("key", "warning")]),
        ({}, NAMED, OLD_KEY, [("bucket", "good")]),
    ],
)
def test_a_bucket_must_exist_in_its_region_with_a_key_that_the_role_may_use(
    head: dict[str, str] | None,
    rule: dict[str, Any] | None,
    key: str,
    expected: list[tuple[str, str]],
) -> None:
    answers: dict[str, Any] = {"get_caller_identity": SESSION}
    if head is not None:
        answers["head_bucket"] = head
    if rule:
        answers["get_bucket_encryption"] = {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}
    bucket = {"kind": "s3", "name": "archive", "existing": "team-archive"}
    buckets = json.dumps([bucket | ({"kmsKeyArn": key} if key else {})])

    found = list(aws.check(FakeAws(**answers), (RefusedError,), chosen(buckets=buckets)))

    assert [(f.subject, f.verdict) for f in found if f.subject in {"bucket", "key"}] == expected
