import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import parliament
import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from local.aws.iam.policy import Question, decide
from stack import policies

ANCHOR = "arn:aws:rolesanywhere:us-west-2:111122223333:trust-anchor/abc"
MINE = "arn:aws:secretsmanager:us-west-2:111122223333:secret:heartbeat-AbCdEf"
KEY = "arn:aws:kms:us-west-2:111122223333:key/0f1e2d3c-0000-4000-8000-000000000001"
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


def test_the_docs_have_the_same_policy() -> None:
    page = Path(__file__).parents[2].joinpath("docs/settings.md").read_text()
    text = page.split("```json")[1].split("```")[0]
    for placeholder, value in (("SECRET_ARN", MINE), ("KEY_ARN", KEY), ("REGION", "us-west-2")):
        text = text.replace(placeholder, value)

    assert json.loads(text) == json.loads(policies.permissions(MINE, KEY))


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("revoked_before", [None, REVOKED])
def test_parliament_finds_nothing(key: str | None, revoked_before: datetime | None) -> None:
    document = policies.permissions(MINE, key, revoked_before)

    findings = parliament.analyze_policy_string(document).findings

    assert not findings
