"""Secrets Manager's limits, for an operator and for the app."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.clients import Clients

HOUR_S = 3600.0
SECRET = "heartbeat/local"


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Code"], error["Message"]


def versions(clients: Clients, arn: str) -> list[dict[str, Any]]:
    listed = clients.operator("secretsmanager").list_secret_version_ids(
        SecretId=arn, IncludeDeprecated=True
    )
    return list(listed["Versions"])


def test_a_description_makes_no_version(clients: Clients) -> None:
    arn = clients.secret()
    secrets = clients.operator("secretsmanager")

    answers = [secrets.update_secret(SecretId=arn, Description=f"{n}") for n in range(3)]

    assert all("VersionId" not in answer for answer in answers)
    assert secrets.describe_secret(SecretId=arn)["Description"] == "2"
    assert len(versions(clients, arn)) == 1


def test_an_empty_description_replaces_the_previous_one(clients: Clients) -> None:
    arn = clients.secret()
    secrets = clients.operator("secretsmanager")
    secrets.update_secret(SecretId=arn, Description="before")

    secrets.update_secret(SecretId=arn, Description="")

    assert "Description" not in secrets.describe_secret(SecretId=arn)


def test_the_value_is_that_of_the_version_with_awscurrent(clients: Clients) -> None:
    arn = clients.secret("first")
    secrets = clients.operator("secretsmanager")
    first = secrets.get_secret_value(SecretId=arn)["VersionId"]
    second = secrets.put_secret_value(SecretId=arn, SecretString="second")["VersionId"]
    label = {"VersionStage": "AWSCURRENT", "RemoveFromVersionId": second}

    secrets.update_secret_version_stage(SecretId=arn, MoveToVersionId=first, **label)

    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "first"


def test_a_value_per_minute_reaches_the_quota_at_the_101st_version(
    clients: Clients,
) -> None:
    arn = clients.secret()
    secrets = clients.operator("secretsmanager")
    for number in range(99):
        clients.aws.control.advance(60)
        secrets.update_secret(SecretId=arn, SecretString=f"{number}")

    over = refused(secrets.update_secret, SecretId=arn, SecretString="over")
    put = refused(secrets.put_secret_value, SecretId=arn, SecretString="over")
    secrets.update_secret(SecretId=arn, Description="still taken")

    assert over[0] == put[0] == "LimitExceededException"
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "98"
    assert len(versions(clients, arn)) == 100


def test_versions_older_than_a_day_are_removed_unless_they_are_labelled(clients: Clients) -> None:
    arn = clients.secret("first")
    secrets = clients.operator("secretsmanager")
    first = secrets.get_secret_value(SecretId=arn)["VersionId"]
    for number in range(99):
        secrets.update_secret(SecretId=arn, SecretString=f"{number}")
    secrets.update_secret_version_stage(SecretId=arn, VersionStage="KEPT", MoveToVersionId=first)

    clients.aws.control.advance(24 * HOUR_S - 60)
    early = refused(secrets.update_secret, SecretId=arn, SecretString="early")
    clients.aws.control.advance(120)
    secrets.update_secret(SecretId=arn, SecretString="late")

    kept = {each["VersionId"] for each in versions(clients, arn)}
    assert early[0] == "LimitExceededException"
    assert len(kept) == 100
    assert first in kept
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "late"


def test_a_value_every_half_hour_never_reaches_the_quota(clients: Clients) -> None:
    arn = clients.secret()
    secrets = clients.operator("secretsmanager")

    for slot in range(4 * 48):  # four days
        clients.aws.control.advance(HOUR_S / 2)
        secrets.update_secret(SecretId=arn, Description=f"{slot}", SecretString=f"{slot}")

    kept = versions(clients, arn)
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "191"
    assert len(kept) == 100


def test_the_same_token_with_the_same_content_is_one_version(clients: Clients) -> None:
    arn, token = clients.secret(), str(uuid4())
    secrets = clients.operator("secretsmanager")
    write = {"SecretId": arn, "SecretString": "a", "ClientRequestToken": token}

    first, second = secrets.update_secret(**write), secrets.update_secret(**write)

    assert first["VersionId"] == second["VersionId"] == token
    assert len(versions(clients, arn)) == 2


@pytest.mark.parametrize("operation", ["update_secret", "put_secret_value"])
def test_the_same_token_with_other_content_is_refused(clients: Clients, operation: str) -> None:
    arn, token = clients.secret(), str(uuid4())
    write = getattr(clients.operator("secretsmanager"), operation)
    write(SecretId=arn, SecretString="a", ClientRequestToken=token)

    code, message = refused(write, SecretId=arn, SecretString="b", ClientRequestToken=token)

    assert code == "ResourceExistsException"
    assert token in message


def test_a_used_token_is_ignored_without_a_value(clients: Clients) -> None:
    arn, token = clients.secret(), str(uuid4())
    secrets = clients.operator("secretsmanager")
    secrets.update_secret(SecretId=arn, SecretString="a", ClientRequestToken=token)

    secrets.update_secret(SecretId=arn, Description="b", ClientRequestToken=token)

    assert secrets.describe_secret(SecretId=arn)["Description"] == "b"


def test_labels_move_with_the_value(clients: Clients) -> None:
    arn = clients.secret("one")
    secrets = clients.operator("secretsmanager")

    secrets.update_secret(SecretId=arn, SecretString="two")

    previous = secrets.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "one"


def test_a_custom_label_stays_on_its_version_until_it_is_moved(clients: Clients) -> None:
    arn = clients.secret("one")
    secrets = clients.operator("secretsmanager")
    first = secrets.get_secret_value(SecretId=arn)["VersionId"]
    secrets.update_secret_version_stage(SecretId=arn, VersionStage="own", MoveToVersionId=first)

    for value in ("two", "three"):
        secrets.update_secret(SecretId=arn, SecretString=value)
    stayed = secrets.get_secret_value(SecretId=arn, VersionStage="own")
    secrets.put_secret_value(SecretId=arn, SecretString="four", VersionStages=["own"])
    moved = secrets.get_secret_value(SecretId=arn, VersionStage="own")

    assert (stayed["SecretString"], stayed["VersionStages"]) == ("one", ["own"])
    assert (moved["SecretString"], moved["VersionStages"]) == ("four", ["own"])
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "three"


@pytest.mark.parametrize(
    ("name", "length"),
    [("Description", 2048), ("SecretString", 65_536), ("ClientRequestToken", 64)],
)
def test_fields_that_are_too_long_are_refused(clients: Clients, name: str, length: int) -> None:
    arn, update = clients.secret(), clients.operator("secretsmanager").update_secret

    code, message = refused(update, SecretId=arn, **{name: "x" * (length + 1)})

    assert code == "ValidationException"
    assert message.endswith(
        f"at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {length}"
    )


@pytest.mark.parametrize(("name", "length"), [("Description", 2048), ("SecretString", 65_536)])
def test_fields_of_the_maximum_length_are_accepted(
    clients: Clients, name: str, length: int
) -> None:
    arn = clients.secret()

    update = clients.operator("secretsmanager").update_secret(SecretId=arn, **{name: "x" * length})

    assert update["ARN"] == arn


def test_the_limit_of_a_value_is_in_bytes(clients: Clients) -> None:
    arn, update = clients.secret(), clients.operator("secretsmanager").update_secret

    code, message = refused(update, SecretId=arn, SecretString="é" * 32_769)

    assert code == "ValidationException"
    assert message.endswith("Member must have length less than or equal to 65536")
    assert update(SecretId=arn, SecretString="é" * 32_768)["VersionId"]


def test_a_refusal_does_not_repeat_the_secrets_value(clients: Clients) -> None:
    arn = clients.secret()

    _, message = refused(
        clients.operator("secretsmanager").update_secret, SecretId=arn, SecretString="s" * 65_537
    )

    assert "sss" not in message


def test_a_secret_scheduled_for_deletion_can_only_be_described_and_restored(
    clients: Clients,
) -> None:
    arn = clients.secret("kept")
    secrets = clients.operator("secretsmanager")
    deleted = secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)

    codes = {
        refused(secrets.get_secret_value, SecretId=arn)[0],
        refused(secrets.update_secret, SecretId=arn, Description="x")[0],
        refused(secrets.put_secret_value, SecretId=arn, SecretString="x")[0],
    }
    described = secrets.describe_secret(SecretId=arn)
    secrets.restore_secret(SecretId=arn)

    assert codes == {"InvalidRequestException"}
    assert described["DeletedDate"] == deleted["DeletionDate"]
    assert deleted["DeletionDate"] - datetime.now(UTC) > timedelta(days=6)
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "kept"


def test_a_missing_secret_is_not_found(clients: Clients) -> None:
    code, message = refused(clients.operator("secretsmanager").get_secret_value, SecretId="no/such")

    assert code == "ResourceNotFoundException"
    assert message == "Secrets Manager can't find the specified secret."


def test_an_operation_that_does_not_exist_is_refused(clients: Clients) -> None:
    answer = clients.send(clients.signed_request("StealSecret", {}))

    assert (answer.status, answer.document["__type"]) == (400, "UnknownOperationException")


def test_a_defect_in_the_stand_in_is_an_internal_failure(clients: Clients) -> None:
    answer = clients.send(
        clients.signed_request("ValidateResourcePolicy", {"ResourcePolicy": "{}"})
    )

    assert (answer.status, answer.document["__type"]) == (500, "InternalFailure")


def test_a_header_cannot_select_another_account(clients: Clients) -> None:
    wire = clients.signed_request("ListSecrets", {}).changed(**{"x-moto-account-id": "1" * 12})

    names = [each["Name"] for each in clients.send(wire).document["SecretList"]]

    assert "heartbeat/local" in names


def test_dates_come_from_the_stand_ins_clock(clients: Clients) -> None:
    clients.aws.control.advance(10 * 24 * HOUR_S)
    arn = clients.secret()
    secrets = clients.operator("secretsmanager")

    created = secrets.get_secret_value(SecretId=arn)["CreatedDate"]
    changed = secrets.describe_secret(SecretId=arn)["LastChangedDate"]

    for moment in (created, changed):
        assert timedelta(days=9) < moment - datetime.now(UTC) < timedelta(days=11)
    assert created.microsecond % 1000 == 0


def test_writes_over_the_rate_are_throttled(clients: Clients) -> None:
    arn = clients.secret()
    clients.aws.control.limit("UpdateSecret", 0)

    code, message = refused(
        clients.operator("secretsmanager").update_secret, SecretId=arn, Description="x"
    )

    assert (code, message) == ("ThrottlingException", "Rate exceeded")
