import json
from datetime import datetime, timedelta, timezone

import parliament
import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from stack import policies

ANCHOR = "arn:aws:rolesanywhere:us-west-2:111122223333:trust-anchor/abc"
MINE = "arn:aws:secretsmanager:us-west-2:111122223333:secret:heartbeat-AbCdEf"
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
    allow, deny = json.loads(policies.permissions(MINE, REVOKED))["Statement"]

    assert allow["Effect"] == "Allow"
    assert (deny["Effect"], deny["Action"], deny["Resource"]) == ("Deny", "*", "*")
    assert deny["Condition"] == {"DateLessThan": {"aws:TokenIssueTime": "2026-11-24T12:00:00Z"}}


@pytest.mark.parametrize("revoked_before", [None, REVOKED])
def test_parliament_finds_nothing(revoked_before: datetime | None) -> None:
    document = policies.permissions(MINE, revoked_before)

    findings = parliament.analyze_policy_string(document).findings

    assert not findings
