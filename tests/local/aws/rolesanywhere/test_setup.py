"""The API with which Pulumi's provider and an operator set up Roles Anywhere."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local.aws.certificates import issue_client, make_ca
from tests.local.aws.clients import Clients

NOW = datetime.now(UTC)


def source(pem: bytes) -> dict[str, Any]:
    data = {"x509CertificateData": pem.decode()}
    return {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": data}


def error(call: Any, **parameters: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_trust_anchor_exists_from_creation_to_deletion(clients: Clients) -> None:
    api = clients.operator("rolesanywhere")
    pem = make_ca("a", NOW).certificate_pem

    made = api.create_trust_anchor(name="a", source=source(pem))["trustAnchor"]
    key = {"trustAnchorId": made["trustAnchorId"]}
    enabled = api.enable_trust_anchor(**key)["trustAnchor"]["enabled"]
    renamed = api.update_trust_anchor(name="b", **key)["trustAnchor"]
    listed = [each["trustAnchorId"] for each in api.list_trust_anchors()["trustAnchors"]]
    api.delete_trust_anchor(**key)

    assert made["trustAnchorArn"].endswith(f":trust-anchor/{made['trustAnchorId']}")
    assert (made["enabled"], enabled, renamed["name"]) == (False, True, "b")
    assert made["source"] == renamed["source"] == source(pem)
    assert made["trustAnchorId"] in listed
    assert error(api.get_trust_anchor, **key) == ("ResourceNotFoundException", 404)


def test_a_trust_anchor_has_notices_of_expiry_by_default(clients: Clients) -> None:
    setting = {"enabled": False, "event": "CA_CERTIFICATE_EXPIRY", "threshold": 10}
    pem = make_ca("a", NOW).certificate_pem

    made = clients.operator("rolesanywhere").create_trust_anchor(
        name="a", source=source(pem), notificationSettings=[setting]
    )["trustAnchor"]

    thresholds = {each["event"]: each["threshold"] for each in made["notificationSettings"]}
    assert thresholds == {"CA_CERTIFICATE_EXPIRY": 10, "END_ENTITY_CERTIFICATE_EXPIRY": 45}


def test_notices_can_be_changed_and_reset(clients: Clients) -> None:
    api = clients.operator("rolesanywhere")
    anchor = clients.aws.environment()["IAM_TRUST_ANCHOR_ARN"].rpartition("/")[2]
    event = "CA_CERTIFICATE_EXPIRY"

    changed = api.put_notification_settings(
        trustAnchorId=anchor,
        notificationSettings=[{"enabled": True, "event": event, "threshold": 7}],
    )["trustAnchor"]["notificationSettings"]
    reset = api.reset_notification_settings(
        trustAnchorId=anchor, notificationSettingKeys=[{"event": event}]
    )["trustAnchor"]["notificationSettings"]

    assert {each["event"]: each["threshold"] for each in changed}[event] == 7
    assert {each["event"]: each["threshold"] for each in reset}[event] == 45


def test_an_anchor_must_be_a_ca(clients: Clients) -> None:
    leaf = issue_client(make_ca("a", NOW), "leaf", NOW).certificate_pem

    with pytest.raises(ClientError, match="Incorrect basic constraints for CA certificate"):
        clients.operator("rolesanywhere").create_trust_anchor(name="a", source=source(leaf))


def test_a_profile_keeps_its_attributes(clients: Clients) -> None:
    api = clients.operator("rolesanywhere")
    role = clients.aws.environment()["IAM_ROLE_ARN"]

    made = api.create_profile(
        name="p",
        roleArns=[role],
        durationSeconds=900,
        enabled=True,
        tags=[{"key": "a", "value": "b"}],
    )["profile"]
    mapping = {"certificateField": "x509Subject", "mappingRules": [{"specifier": "CN"}]}
    mapped = api.put_attribute_mapping(profileId=made["profileId"], **mapping)["profile"]
    tags = api.list_tags_for_resource(resourceArn=made["profileArn"])["tags"]

    assert (made["roleArns"], made["durationSeconds"]) == ([role], 900)
    assert mapped["attributeMappings"] == [mapping]
    assert tags == [{"key": "a", "value": "b"}]


def test_tags_can_be_added_and_removed(clients: Clients) -> None:
    api = clients.operator("rolesanywhere")
    arn = clients.aws.environment()["IAM_PROFILE_ARN"]

    api.tag_resource(resourceArn=arn, tags=[{"key": "k", "value": "v"}])
    tagged = api.list_tags_for_resource(resourceArn=arn)["tags"]
    api.untag_resource(resourceArn=arn, tagKeys=["k"])

    assert tagged == [{"key": "k", "value": "v"}]
    assert api.list_tags_for_resource(resourceArn=arn)["tags"] == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"name": "a/b", "roleArns": []},
        {"name": "a", "roleArns": ["no-arn"]},
        {"name": "a", "roleArns": [], "durationSeconds": 43_201},
    ],
    ids=["name", "role", "duration"],
)
def test_a_profile_that_violates_awss_model_is_refused(
    clients: Clients, parameters: dict[str, Any]
) -> None:
    call = clients.operator("rolesanywhere").create_profile

    assert error(call, **parameters) == ("ValidationException", 400)


def test_subjects_that_requested_sessions_are_listed(clients: Clients) -> None:
    clients.send(clients.session_request())

    subjects = clients.operator("rolesanywhere").list_subjects(pageSize=10)["subjects"]

    assert "CN=heartbeat-local" in [each["x509Subject"] for each in subjects]


@pytest.mark.parametrize("kind", ["trust_anchor", "profile", "crl", "subject"])
def test_a_missing_item_is_not_found(clients: Clients, kind: str) -> None:
    call = getattr(clients.operator("rolesanywhere"), f"get_{kind}")
    argument = {"trust_anchor": "trustAnchorId"}.get(kind, f"{kind}Id")

    assert error(call, **{argument: str(uuid4())}) == ("ResourceNotFoundException", 404)
