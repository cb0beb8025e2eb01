"""A secret under a customer's KMS key, read and written by the app's role."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from stack import policies
from tests.local.aws.clients import Clients
from tests.local.aws.iam.test_authorization import statement
from tests.local.aws.rolesanywhere.test_sessions import CLIENT, register

KEY = "arn:aws:kms:us-west-2:123456789012:key/0f1e2d3c-0000-4000-8000-000000000001"
OTHER = KEY[:-1] + "2"


def secret(clients: Clients, key: str | None = KEY) -> str:
    chosen = {"KmsKeyId": key} if key else {}
    made = clients.operator("secretsmanager").create_secret(
        Name=f"test/{uuid4()}", SecretString="{}", **chosen
    )
    return str(made["ARN"])


def app(clients: Clients, *documents: str) -> Any:
    """Return a client of Secrets Manager for a role with some policies."""
    arns = register(clients, clients.anchor, CLIENT)
    role = arns["role_arn"].rpartition("/")[2]
    for number, document in enumerate(documents):
        clients.operator("iam").put_role_policy(
            RoleName=role, PolicyName=f"{number}", PolicyDocument=document
        )
    return clients.client("secretsmanager", clients.session(arns=arns))


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


DENIED = ("AccessDeniedException", "Access to KMS is not allowed")


def test_without_rights_on_the_key_only_the_value_is_refused(
    clients: Clients,
) -> None:
    arn = secret(clients)
    role = app(clients, policies.permissions(arn))

    assert refusal(role.get_secret_value, SecretId=arn) == DENIED
    assert refusal(role.update_secret, SecretId=arn, SecretString="x") == DENIED
    assert role.describe_secret(SecretId=arn)["KmsKeyId"] == KEY
    assert role.update_secret(SecretId=arn, Description="x")["ARN"] == arn


def test_with_rights_on_the_key_the_secret_is_read_and_written(clients: Clients) -> None:
    arn = secret(clients)
    role = app(clients, policies.permissions(arn, KEY))

    role.update_secret(SecretId=arn, SecretString="new")

    assert role.get_secret_value(SecretId=arn)["SecretString"] == "new"


@pytest.mark.parametrize("key", [None, "alias/aws/secretsmanager"])
def test_awss_own_key_needs_no_rights(clients: Clients, key: str | None) -> None:
    arn = secret(clients, key)
    role = app(clients, policies.permissions(arn))

    role.update_secret(SecretId=arn, SecretString="new")

    assert role.get_secret_value(SecretId=arn)["SecretString"] == "new"


def test_a_right_applies_to_one_key_one_secret_and_one_service(clients: Clients) -> None:
    mine, theirs, elsewhere = secret(clients), secret(clients), secret(clients, OTHER)
    everything = statement("Allow", "secretsmanager:*", "*")
    role = app(clients, everything, policies.permissions(mine, KEY))
    by_ec2 = policies.permissions(mine, KEY).replace("secretsmanager.us-west-2", "ec2.us-west-2")

    assert role.get_secret_value(SecretId=mine)["ARN"] == mine
    assert refusal(role.get_secret_value, SecretId=theirs) == DENIED
    assert refusal(role.get_secret_value, SecretId=elsewhere) == DENIED
    assert refusal(app(clients, by_ec2).get_secret_value, SecretId=mine) == DENIED


@pytest.mark.parametrize(
    ("missing", "refused"),
    [("kms:Decrypt", "get_secret_value"), ("kms:GenerateDataKey", "update_secret")],
)
def test_reading_and_writing_need_different_rights(
    clients: Clients, missing: str, refused: str
) -> None:
    arn = secret(clients)
    role = app(clients, policies.permissions(arn, KEY).replace(missing, "kms:DescribeKey"))
    calls: dict[str, dict[str, str]] = {
        "get_secret_value": {},
        "update_secret": {"SecretString": "x"},
    }

    for name, parameters in calls.items():
        call = getattr(role, name)
        if name == refused:
            assert refusal(call, SecretId=arn, **parameters) == DENIED
        else:
            assert call(SecretId=arn, **parameters)["ARN"] == arn


def test_giving_a_key_to_a_secret_checks_both_rights(clients: Clients) -> None:
    arn = secret(clients, None)
    only_write = policies.permissions(arn, KEY).replace("kms:Decrypt", "kms:DescribeKey")

    denied = refusal(app(clients, only_write).update_secret, SecretId=arn, KmsKeyId=KEY)
    allowed = app(clients, policies.permissions(arn, KEY)).update_secret(SecretId=arn, KmsKeyId=KEY)

    assert denied == DENIED
    assert allowed["ARN"] == arn


def test_a_key_may_be_named_by_its_id(clients: Clients) -> None:
    arn = secret(clients, KEY.rpartition("/")[2])
    role = app(clients, policies.permissions(arn, KEY))

    assert role.get_secret_value(SecretId=arn)["ARN"] == arn


def test_a_deny_revokes_the_key(clients: Clients) -> None:
    arn = secret(clients)
    role = app(clients, policies.permissions(arn, KEY), statement("Deny", "kms:*", "*"))

    assert refusal(role.get_secret_value, SecretId=arn) == DENIED
