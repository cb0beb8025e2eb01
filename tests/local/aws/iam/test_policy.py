"""Policy documents evaluated as IAM does."""

import json
from typing import Any

import pytest

from local.aws.iam.policy import Question, decide, like

READ = Question("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-west-2:1:secret:a-x")


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(**parts: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **parts}


def deny(**parts: Any) -> dict[str, Any]:
    return {**allow(**parts), "Effect": "Deny"}


def ask(context: dict[str, str]) -> Question:
    return Question(READ.action, READ.resource, context=context)


def test_nothing_is_allowed_by_default() -> None:
    assert decide([], READ) == "implicitly denied"
    assert decide([document()], READ) == "implicitly denied"


def test_a_deny_in_any_document_wins() -> None:
    assert decide([document(allow())], READ) == "allowed"
    assert decide([document(allow()), document(deny())], READ) == "explicitly denied"


@pytest.mark.parametrize(
    ("parts", "decision"),
    [
        ({"Action": "secretsmanager:GetSecretValue"}, "allowed"),
        ({"Action": "SecretsManager:getsecretvalue"}, "allowed"),
        ({"Action": ["s3:*", "secretsmanager:Get*"]}, "allowed"),
        ({"Action": "secretsmanager:DescribeSecret"}, "implicitly denied"),
        ({"Resource": READ.resource}, "allowed"),
        ({"Resource": "arn:aws:secretsmanager:us-west-2:1:secret:a-??????"}, "implicitly denied"),
        ({"Resource": "arn:aws:secretsmanager:*:1:secret:a-?"}, "allowed"),
        ({"Resource": "arn:aws:secretsmanager:us-west-2:1:secret:A-x"}, "implicitly denied"),
    ],
)
def test_actions_and_resources_are_matched(parts: dict[str, Any], decision: str) -> None:
    assert decide([document(allow(**parts))], READ) == decision


def test_not_action_and_not_resource_invert_the_match() -> None:
    other = {"Effect": "Allow", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::*"}

    assert decide([document(other)], READ) == "allowed"
    assert decide([document(other)], Question("s3:GetObject", "*")) == "implicitly denied"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:PrincipalTag/CN": "app"}}, True),
        ({"StringEquals": {"AWS:principaltag/cn": ["other", "app"]}}, True),
        ({"StringEquals": {"aws:PrincipalTag/CN": "App"}}, False),
        ({"StringEqualsIgnoreCase": {"aws:PrincipalTag/CN": "APP"}}, True),
        ({"StringNotEquals": {"aws:PrincipalTag/CN": ["other", "app"]}}, False),
        ({"StringLike": {"aws:PrincipalTag/CN": "a*"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/OU": "x"}}, False),
        ({"StringNotEquals": {"aws:PrincipalTag/OU": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalTag/OU": "x"}}, True),
        ({"Null": {"aws:PrincipalTag/OU": "true"}}, True),
        ({"Null": {"aws:PrincipalTag/CN": "true"}}, False),
        ({"DateLessThan": {"aws:TokenIssueTime": "2026-01-02T00:00:00Z"}}, True),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2026-01-02T00:00:00Z"}}, False),
        ({"DateLessThan": {"aws:TokenIssueTime": "no date"}}, False),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:rolesanywhere:*:1:trust-anchor/a"}}, True),
        ({"SomeNewOperator": {"aws:PrincipalTag/CN": "app"}}, False),
        (
            {
                "StringEquals": {"aws:PrincipalTag/CN": "app"},
                "ArnEquals": {"aws:SourceArn": "arn:aws:rolesanywhere:r:1:trust-anchor/b"},
            },
            False,
        ),
    ],
)
def test_all_conditions_of_an_allow_must_hold(condition: dict[str, Any], *, holds: bool) -> None:
    context = {
        "aws:principaltag/cn": "app",
        "aws:tokenissuetime": "2026-01-01T00:00:00+00:00",
        "aws:sourcearn": "arn:aws:rolesanywhere:us-west-2:1:trust-anchor/a",
    }

    decision = decide([document(allow(Condition=condition))], ask(context))

    assert decision == ("allowed" if holds else "implicitly denied")


def test_a_deny_with_an_unmet_condition_has_no_effect() -> None:
    condition = {"DateLessThan": {"aws:TokenIssueTime": "2025-01-01T00:00:00Z"}}
    documents = [document(allow(), deny(Condition=condition))]

    assert decide(documents, ask({"aws:tokenissuetime": "2026-01-01T00:00:00Z"})) == "allowed"
    assert decide(documents, ask({"aws:tokenissuetime": "1700000000"})) == "explicitly denied"


def test_an_unknown_condition_operator_applies_every_deny() -> None:
    denied = document(allow(), deny(Condition={"SomeNewOperator": {"aws:PrincipalTag/CN": "x"}}))

    assert decide([denied], ask({"aws:principaltag/cn": "app"})) == "explicitly denied"


@pytest.mark.parametrize(
    ("principal", "decision"),
    [
        ({"Service": "rolesanywhere.amazonaws.com"}, "allowed"),
        ({"Service": ["ec2.amazonaws.com", "rolesanywhere.amazonaws.com"]}, "allowed"),
        ({"Service": "ec2.amazonaws.com"}, "implicitly denied"),
        ({"AWS": "arn:aws:iam::1:root"}, "implicitly denied"),
    ],
)
def test_a_trust_policy_names_the_principals_that_may_assume(
    principal: dict[str, Any], decision: str
) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    question = Question("sts:AssumeRole", "role", "rolesanywhere.amazonaws.com")

    assert decide([document(trust)], question) == decision


def test_characters_other_than_wildcards_match_literally() -> None:
    assert like("a.b*", "a.b/c")
    assert not like("a.b*", "axb")
    assert like("a?c", "abc")
    assert not like("a?c", "ac")
