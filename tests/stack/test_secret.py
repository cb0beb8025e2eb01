import json

import pytest

from stack.secret import name_in
from tests.stack.conftest import OLD_KEY, OLD_SECRET, Program


def test_a_new_secret_begins_as_a_json_object(program: Program) -> None:
    version = program().one("SecretVersion")

    assert json.loads(version.inputs["secretString"]) == {}


def test_the_workers_values_are_not_reverted(program: Program) -> None:
    recording = program()

    assert "description" in recording.one("secret:Secret").request.ignoreChanges
    ignored = recording.one("SecretVersion").request.ignoreChanges
    assert set(ignored) == {"secretString", "versionStages"}


def test_the_first_version_never_replaces_a_newer_current_one(program: Program) -> None:
    (label,) = program().one("SecretVersion").inputs["versionStages"]

    assert not label.startswith("AWS")  # with AWSCURRENT, or without a label, AWS would do so


def test_the_first_version_is_deleted_with_its_secret(program: Program) -> None:
    recording = program()

    version = recording.one("SecretVersion")
    assert version.request.deletedWith == recording.one("secret:Secret").urn


def test_an_existing_secret_is_used_by_its_name(program: Program) -> None:
    recording = program("existing secret")

    assert recording.exports["secretArn"] == OLD_SECRET
    names = {
        e["value"]
        for component in recording.components
        for e in component["envs"]
        if e["key"] == "SECRETS_MANAGER_SECRET_NAME"
    }
    assert names == {"team/app"}


def test_a_name_with_a_hyphen_keeps_it() -> None:
    assert name_in("arn:aws:secretsmanager:us-west-2:1:secret:a-b/c-d-AbCdEf") == "a-b/c-d"


def test_a_partial_arn_is_refused() -> None:
    with pytest.raises(ValueError, match="not the full ARN"):
        name_in("arn:aws:secretsmanager:us-west-2:1:secret:app")


def test_a_new_secret_uses_the_configured_key(program: Program) -> None:
    assert program("own key").one("secret:Secret").inputs["kmsKeyId"] == OLD_KEY
    assert "kmsKeyId" not in program().one("secret:Secret").inputs


def test_the_role_may_use_the_key_of_new_and_existing_secrets(program: Program) -> None:
    for recording in (program("own key"), program("existing secret", secretKmsKeyArn=OLD_KEY)):
        document = json.loads(recording.one("RolePolicy").inputs["policy"])
        key = document["Statement"][1]

        assert key["Resource"] == OLD_KEY
        condition = key["Condition"]["StringEquals"]
        assert condition["kms:EncryptionContext:SecretARN"] == recording.exports["secretArn"]
