"""The rights of the app's role, and their revocation."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.clients import Clients
from tests.local.aws.rolesanywhere.test_sessions import CLIENT, register

SECRET = "heartbeat/local"


def code(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def statement(effect: str, action: str, resource: str, **parts: Any) -> str:
    rule = {"Effect": effect, "Action": action, "Resource": resource, **parts}
    return json.dumps({"Version": "2012-10-17", "Statement": [rule]})


def test_the_role_may_use_three_operations_on_its_own_secret(clients: Clients) -> None:
    app = clients.client("secretsmanager")
    arn = app.describe_secret(SecretId=SECRET)["ARN"]

    for name in (SECRET, arn, arn.rpartition("-")[0]):
        assert app.get_secret_value(SecretId=name)["ARN"] == arn
        assert app.update_secret(SecretId=name, Description="x")["ARN"] == arn


def test_the_role_may_use_no_other_operation(clients: Clients) -> None:
    session = clients.session()
    app, other = clients.client("secretsmanager", session), clients.secret()

    codes = {
        code(app.put_secret_value, SecretId=SECRET, SecretString="x"),
        code(app.delete_secret, SecretId=SECRET),
        code(app.get_secret_value, SecretId=other),
        code(app.get_secret_value, SecretId="no/such"),
        code(app.list_secrets),
        code(clients.client("rolesanywhere", session).list_profiles),
    }

    assert codes == {"AccessDeniedException"}
    assert code(clients.client("iam", session).list_roles) == "AccessDenied"


def test_a_refusal_names_principal_action_and_resource(clients: Clients) -> None:
    session = clients.session()
    app, other = clients.client("secretsmanager", session), clients.secret()
    arn = clients.client("sts", session).get_caller_identity()["Arn"]

    with pytest.raises(ClientError) as caught:
        app.get_secret_value(SecretId=other)

    assert caught.value.response["Error"]["Message"] == (
        f"User: {arn} is not authorized to perform: secretsmanager:GetSecretValue on resource: "
        f"{other} because no identity-based policy allows the secretsmanager:GetSecretValue action"
    )


def test_sessions_issued_before_a_revocation_are_denied_and_later_ones_are_not(
    clients: Clients,
) -> None:
    arns = register(clients, clients.anchor, CLIENT)
    secret, role = clients.secret(), arns["role_arn"].rpartition("/")[2]
    iam = clients.operator("iam")
    allow = statement("Allow", "secretsmanager:*", secret)
    iam.put_role_policy(RoleName=role, PolicyName="allow", PolicyDocument=allow)
    before = clients.client("secretsmanager", clients.session(arns=arns))
    assert before.describe_secret(SecretId=secret)["ARN"] == secret
    issued = clients.operator("secretsmanager").describe_secret(SecretId=secret)["CreatedDate"]

    clients.aws.control.advance(3600)
    cutoff = {"DateLessThan": {"aws:TokenIssueTime": f"{issued.timestamp() + 1800:.0f}"}}
    deny = statement("Deny", "*", "*", Condition=cutoff)
    iam.put_role_policy(RoleName=role, PolicyName="revoke", PolicyDocument=deny)
    clients.aws.control.session_lifetime(7200)
    after = clients.client("secretsmanager", clients.session(arns=arns))

    assert after.describe_secret(SecretId=secret)["ARN"] == secret
    clients.aws.control.advance(-60)  # the first session's hour is not over yet
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        before.describe_secret(SecretId=secret)


@pytest.mark.parametrize("document", ["no json", "[]"])
def test_an_invalid_trust_policy_is_refused(clients: Clients, document: str) -> None:
    call = clients.operator("iam").create_role

    refused = code(call, RoleName="broken", AssumeRolePolicyDocument=document)

    assert refused == "MalformedPolicyDocument"


def test_get_caller_identity_works_even_for_those_denied_everything(clients: Clients) -> None:
    arns = register(clients, clients.anchor, CLIENT)
    clients.operator("iam").put_role_policy(
        RoleName=arns["role_arn"].rpartition("/")[2],
        PolicyName="deny",
        PolicyDocument=statement("Deny", "*", "*"),
    )

    identity = clients.client("sts", clients.session(arns=arns)).get_caller_identity()

    assert identity["Account"] == "123456789012"


def test_a_profiles_session_policy_narrows_the_role(clients: Clients) -> None:
    arns = register(clients, clients.anchor, CLIENT)
    secret = clients.secret()
    clients.operator("iam").put_role_policy(
        RoleName=arns["role_arn"].rpartition("/")[2],
        PolicyName="allow",
        PolicyDocument=statement("Allow", "secretsmanager:*", secret),
    )
    clients.operator("rolesanywhere").update_profile(
        profileId=arns["profile_arn"].rpartition("/")[2],
        sessionPolicy=statement("Allow", "secretsmanager:DescribeSecret", "*"),
    )

    app = clients.client("secretsmanager", clients.session(arns=arns))

    assert app.describe_secret(SecretId=secret)["ARN"] == secret
    assert code(app.get_secret_value, SecretId=secret) == "AccessDeniedException"
