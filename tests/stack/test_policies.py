import gc
import importlib
import json
import warnings
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from local.aws.iam.policy import Question, decide
from stack import policies

ANCHOR = "arn:aws:rolesanywhere:us-west-2:111122223333:trust-anchor/abc"
MINE = "arn:aws:secretsmanager:us-west-2:111122223333:secret:heartbeat-AbCdEf"
KEY = "arn:aws:kms:us-west-2:111122223333:key/0f1e2d3c-0000-4000-8000-000000000001"
PLAIN = policies.StoredObject(bucket="archive", key="heartbeat/worker.json", region="us-west-2")
ENCRYPTED = replace(PLAIN, key_arn=KEY)
STAMP = "arn:aws:s3:::archive/heartbeat/worker.json"
REVOKED = datetime(2026, 11, 24, 14, tzinfo=timezone(timedelta(hours=2)))


def test_trust_is_pinned_to_service_anchor_and_name() -> None:
    (statement,) = json.loads(policies.trust(ANCHOR, ["heartbeat-1"]))["Statement"]

    assert statement["Effect"] == "Allow"
    assert statement["Principal"] == {"Service": "rolesanywhere.amazonaws.com"}
    assert set(statement["Action"]) == {"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"}
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": ANCHOR},
        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": ["heartbeat-1"]},
    }


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("GetSecretValue", MINE, True),
        ("DescribeSecret", MINE, True),
        ("UpdateSecret", MINE, True),
        ("PutSecretValue", MINE, False),
        ("DeleteSecret", MINE, False),
        ("GetSecretValue", MINE.replace("heartbeat-AbCdEf", "other-AbCdEf"), False),
        ("UpdateSecret", MINE[:-1] + "x", False),
        ("ListSecrets", "*", False),
    ],
)
def test_the_role_may_read_and_update_one_secret(action: str, resource: str, allowed: bool) -> None:
    policy = IAMPolicy(policies.permissions(MINE))

    result = policy.is_action_permitted(f"secretsmanager:{action}", resource)

    assert (result == PermissionResult.PERMITTED) is allowed


def test_revocation_denies_sessions_by_the_time_of_issue() -> None:
    allow, deny = json.loads(policies.permissions(MINE, revoked_before=REVOKED))["Statement"]

    assert allow["Effect"] == "Allow"
    assert (deny["Effect"], deny["Action"], deny["Resource"]) == ("Deny", "*", "*")
    assert deny["Condition"] == {"DateLessThan": {"aws:TokenIssueTime": "2026-11-24T12:00:00Z"}}


@pytest.mark.parametrize(
    ("action", "via", "secret", "decision"),
    [
        ("kms:Decrypt", "secretsmanager.us-west-2.amazonaws.com", MINE, "allowed"),
        ("kms:GenerateDataKey", "secretsmanager.us-west-2.amazonaws.com", MINE, "allowed"),
        ("kms:Encrypt", "secretsmanager.us-west-2.amazonaws.com", MINE, "implicitly denied"),
        ("kms:Decrypt", "secretsmanager.eu-west-1.amazonaws.com", MINE, "implicitly denied"),
        ("kms:Decrypt", "ssm.us-west-2.amazonaws.com", MINE, "implicitly denied"),
        ("kms:Decrypt", "secretsmanager.us-west-2.amazonaws.com", MINE + "x", "implicitly denied"),
    ],
)
def test_the_key_is_used_by_secrets_manager_for_this_secret_alone(
    action: str, via: str, secret: str, decision: str
) -> None:
    context = {"kms:viaservice": via, "kms:encryptioncontext:secretarn": secret}

    for document in (policies.permissions(MINE, KEY), policies.permissions(MINE, KEY, REVOKED)):
        assert decide([document], Question(action, KEY, context=context)) == decision
    without = decide([policies.permissions(MINE)], Question(action, KEY, context=context))
    assert without == "implicitly denied"


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("GetObject", STAMP, True),
        ("PutObject", STAMP, True),
        ("DeleteObject", STAMP, False),
        ("GetObjectVersion", STAMP, False),
        ("PutObject", STAMP.replace("worker.json", "other.json"), False),
        ("GetObject", STAMP.replace("archive", "other"), False),
        ("ListBucket", "arn:aws:s3:::archive", True),
        ("ListBucket", "arn:aws:s3:::other", False),
        ("GetBucketPolicy", "arn:aws:s3:::archive", False),
        ("ListAllMyBuckets", "*", False),
    ],
)
def test_the_role_may_read_and_write_one_object_of_a_bucket(
    action: str, resource: str, allowed: bool
) -> None:
    document = policies.permissions(MINE, objects=[PLAIN])

    moto = IAMPolicy(document).is_action_permitted(f"s3:{action}", resource)
    assert (moto == PermissionResult.PERMITTED) is allowed
    assert (decide([document], Question(f"s3:{action}", resource)) == "allowed") is allowed
    without = decide([policies.permissions(MINE)], Question(f"s3:{action}", resource))
    assert without == "implicitly denied"
    revoked = policies.permissions(MINE, None, REVOKED, [PLAIN])
    before = {"aws:tokenissuetime": "2026-11-24T11:59:59Z"}
    question = Question(f"s3:{action}", resource, context=before)
    assert decide([revoked], question) == "explicitly denied"


@pytest.mark.parametrize(
    ("action", "via", "place", "decision"),
    [
        ("kms:Decrypt", "s3.us-west-2.amazonaws.com", STAMP, "allowed"),
        ("kms:GenerateDataKey", "s3.us-west-2.amazonaws.com", STAMP, "allowed"),
        ("kms:Decrypt", "s3.us-west-2.amazonaws.com", "arn:aws:s3:::archive", "allowed"),
        ("kms:Encrypt", "s3.us-west-2.amazonaws.com", STAMP, "implicitly denied"),
        ("kms:Decrypt", "s3.eu-west-1.amazonaws.com", STAMP, "implicitly denied"),
        ("kms:Decrypt", "secretsmanager.us-west-2.amazonaws.com", STAMP, "implicitly denied"),
        ("kms:Decrypt", "s3.us-west-2.amazonaws.com", STAMP + "x", "implicitly denied"),
    ],
)
def test_the_key_of_a_bucket_is_used_by_s3_for_this_object_alone(
    action: str, via: str, place: str, decision: str
) -> None:
    context = {"kms:viaservice": via, "kms:encryptioncontext:aws:s3:arn": place}
    question = Question(action, KEY, context=context)

    assert decide([policies.permissions(MINE, objects=[ENCRYPTED])], question) == decision
    assert decide([policies.permissions(MINE, objects=[PLAIN])], question) == "implicitly denied"


def test_buckets_of_other_partitions_are_named_as_there() -> None:
    secret = MINE.replace("arn:aws:", "arn:aws-us-gov:")

    document = policies.permissions(secret, objects=[PLAIN])

    assert "arn:aws-us-gov:s3:::archive/heartbeat/worker.json" in document


@pytest.mark.parametrize(
    ("number", "document"),
    [
        (0, policies.permissions(MINE, KEY)),
        (1, policies.permissions(MINE, objects=[ENCRYPTED])),
    ],
)
def test_the_docs_have_the_same_policy(number: int, document: str) -> None:
    page = Path(__file__).parents[2].joinpath("docs/settings.md").read_text()
    text = page.split("```json")[number + 1].split("```")[0]
    for placeholder, value in (
        ("SECRET_ARN", MINE),
        ("KEY_ARN", KEY),
        ("REGION", "us-west-2"),
        ("BUCKET", "archive"),
        ("PREFIX/HEARTBEAT_NAME", "heartbeat/worker"),
    ):
        text = text.replace(placeholder, value)
    written = json.loads(text)["Statement"] if number == 0 else json.loads(text)

    assert written == json.loads(document)["Statement"][number:]


@pytest.fixture(scope="module")
def parliament() -> ModuleType:
    """The linter of policies; its import takes more than a second."""
    with warnings.catch_warnings():
        # It finds its data through pkg_resources, which warns that it will go; and it leaves files
        # open, which would be reported in whichever test collects them.
        warnings.simplefilter("ignore")
        found = importlib.import_module("parliament")
        gc.collect()
    return found


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("revoked_before", [None, REVOKED])
@pytest.mark.parametrize("objects", [(), (PLAIN,), (PLAIN, ENCRYPTED)])
def test_parliament_finds_nothing(
    parliament: ModuleType,
    key: str | None,
    revoked_before: datetime | None,
    objects: tuple[policies.StoredObject, ...],
) -> None:
    document = policies.permissions(MINE, key, revoked_before, objects)

    findings = parliament.analyze_policy_string(document).findings

    assert not findings
