"""CreateSession as the session library sees it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from iam_rolesanywhere_session import CredentialsRetrievalError

from local.aws.certificates import CertifiedKey, issue_client, make_ca
from tests.local.aws.clients import Clients

NOW = datetime.now(UTC)
CLIENT = "heartbeat-local"


def refusal(session: Any) -> tuple[int, str]:
    with pytest.raises(CredentialsRetrievalError) as caught:
        session.get_credentials().get_frozen_credentials()
    return caught.value.status_code, caught.value.message


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def register(clients: Clients, ca: CertifiedKey, name: str) -> dict[str, str]:
    """Create a trust anchor for `ca`, a role that trusts `name` through it, and a profile."""
    roles_anywhere, iam = clients.operator("rolesanywhere"), clients.operator("iam")
    anchor = roles_anywhere.create_trust_anchor(
        name="test",
        enabled=True,
        source={
            "sourceType": "CERTIFICATE_BUNDLE",
            "sourceData": {"x509CertificateData": ca.certificate_pem.decode()},
        },
    )["trustAnchor"]["trustAnchorArn"]
    template = iam.get_role(RoleName="heartbeat-local")["Role"]["AssumeRolePolicyDocument"]
    template["Statement"][0]["Condition"] = {
        "ArnEquals": {"aws:SourceArn": anchor},
        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": [name, "another"]},
    }
    role = create_role(clients, template)
    profile = roles_anywhere.create_profile(name="test", roleArns=[role], enabled=True)
    return {
        "trust_anchor_arn": anchor,
        "role_arn": role,
        "profile_arn": profile["profile"]["profileArn"],
    }


def create_role(clients: Clients, trust_policy: dict[str, Any]) -> str:
    created = clients.operator("iam").create_role(
        RoleName=f"test-{uuid4()}", AssumeRolePolicyDocument=json.dumps(trust_policy)
    )
    return str(created["Role"]["Arn"])


def test_a_valid_certificate_gets_a_session_of_the_role(clients: Clients) -> None:
    identity = clients.client("sts").get_caller_identity()

    serial = f"{clients.client_identity.certificate.serial_number:x}"
    assert identity["Account"] == "123456789012"
    assert identity["Arn"].endswith(
        f":assumed-role/heartbeat-local/{serial.zfill(len(serial) + len(serial) % 2)}"
    )
    assert identity["UserId"].startswith("AROA")


def test_rsa_keys_and_a_chain_of_intermediates_are_accepted(clients: Clients) -> None:
    root = make_ca("root", NOW, key=rsa_key())
    middle_key = rsa_key()
    middle = CertifiedKey(signed_ca("middle", middle_key, root), middle_key)
    leaf = issue_client(middle, "rsa-client", NOW, key=rsa_key())
    arns = register(clients, root, "rsa-client")

    session = clients.session(leaf, chain=middle.certificate_pem, arns=arns)
    arn = clients.client("sts", session).get_caller_identity()["Arn"]

    assert ":assumed-role/test-" in arn
    assert refusal(clients.session(leaf, arns=arns)) == (403, "Untrusted signing certificate")


def signed_ca(name: str, key: rsa.RSAPrivateKey, root: CertifiedKey) -> x509.Certificate:
    template = make_ca(name, NOW, key=key).certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(template.subject)
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(template.serial_number)
        .not_valid_before(template.not_valid_before_utc)
        .not_valid_after(template.not_valid_after_utc)
    )
    for extension in template.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(root.key, hashes.SHA256())


def test_a_certificate_of_another_ca_is_refused(clients: Clients) -> None:
    stranger = issue_client(make_ca("Heartbeat local anchor", NOW), CLIENT, NOW)

    assert refusal(clients.session(stranger)) == (403, "Untrusted signing certificate")


@pytest.mark.parametrize("start", [timedelta(days=-3), timedelta(days=1)], ids=["past", "future"])
def test_a_certificate_outside_its_validity_is_refused(clients: Clients, start: timedelta) -> None:
    identity = issue_client(clients.anchor, CLIENT, NOW + start, days=2)

    status, message = refusal(clients.session(identity))

    assert (status, message) == (403, "Untrusted certificate. Insufficient certificate")


def test_a_certificate_expires_by_the_stand_ins_clock(clients: Clients) -> None:
    clients.aws.control.advance(366 * 86_400)

    status, message = refusal(clients.session())

    assert (status, message) == (403, "Untrusted certificate. Insufficient certificate")


def test_a_certificate_that_is_a_ca_is_refused(clients: Clients) -> None:
    status, message = refusal(clients.session(clients.anchor))

    assert (status, message) == (403, "Untrusted certificate. Insufficient certificate")


def test_a_signature_by_another_key_is_refused(clients: Clients) -> None:
    other = issue_client(clients.anchor, CLIENT, NOW)
    mixed = CertifiedKey(clients.client_identity.certificate, other.key)

    assert refusal(clients.session(mixed)) == (403, "Invalid signature")


@pytest.mark.parametrize("skew_s", [330, -330])  # a busy machine may take some of it
def test_a_clock_more_than_five_minutes_off_is_refused(clients: Clients, skew_s: int) -> None:
    clients.aws.control.skew(skew_s)

    status, message = refusal(clients.session())

    assert status == 403
    assert message.startswith("Signature expired" if skew_s > 0 else "Signature not yet current")


@pytest.mark.parametrize("skew_s", [240, -240])
def test_a_clock_less_than_five_minutes_off_is_accepted(clients: Clients, skew_s: int) -> None:
    clients.aws.control.skew(skew_s)

    assert clients.session().get_credentials().access_key.startswith("ASIA")


def test_a_name_that_the_role_does_not_trust_is_refused(clients: Clients) -> None:
    stranger = issue_client(clients.anchor, "somebody-else", NOW)

    status, message = refusal(clients.session(stranger))

    role = clients.aws.environment()["IAM_ROLE_ARN"]
    assert (status, message) == (403, f"Unable to assume role for {role}.")


def test_an_anchor_that_the_role_does_not_trust_is_refused(clients: Clients) -> None:
    arns = register(clients, clients.anchor, CLIENT)

    status, message = refusal(clients.session(arns={"trust_anchor_arn": arns["trust_anchor_arn"]}))

    assert (status, message[:21]) == (403, "Unable to assume role")


@pytest.mark.parametrize("action", ["sts:TagSession", "sts:SetSourceIdentity"])
def test_a_trust_policy_must_allow_all_three_actions(clients: Clients, action: str) -> None:
    arns = register(clients, clients.anchor, CLIENT)
    iam = clients.operator("iam")
    name = arns["role_arn"].rpartition("/")[2]
    policy = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    policy["Statement"][0]["Action"].remove(action)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(policy))

    assert refusal(clients.session(arns=arns))[0] == 403


def test_a_role_that_the_profile_does_not_list_is_refused(clients: Clients) -> None:
    arns = register(clients, clients.anchor, CLIENT)
    assert clients.session(arns=arns).get_credentials().access_key
    clients.operator("rolesanywhere").update_profile(
        profileId=arns["profile_arn"].rpartition("/")[2],
        roleArns=[clients.aws.environment()["IAM_ROLE_ARN"]],
    )

    status, message = refusal(clients.session(arns=arns))

    assert (status, message) == (403, f"Unable to assume role for {arns['role_arn']}.")


@pytest.mark.parametrize("kind", ["trust_anchor", "profile"])
def test_a_disabled_resource_is_refused_until_it_is_enabled(clients: Clients, kind: str) -> None:
    arns = register(clients, clients.anchor, CLIENT)
    roles_anywhere = clients.operator("rolesanywhere")
    argument = {"trust_anchor": "trustAnchorId", "profile": "profileId"}[kind]
    identifier = {argument: arns[f"{kind}_arn"].rpartition("/")[2]}

    getattr(roles_anywhere, f"disable_{kind}")(**identifier)
    refused = refusal(clients.session(arns=arns))
    getattr(roles_anywhere, f"enable_{kind}")(**identifier)

    assert refused[0] == 403
    assert clients.session(arns=arns).get_credentials().access_key


@pytest.mark.parametrize("kind", ["trust_anchor_arn", "profile_arn"])
def test_a_missing_resource_is_not_found(clients: Clients, kind: str) -> None:
    resource = kind.removesuffix("_arn").replace("_", "-")
    arn = f"arn:aws:rolesanywhere:us-west-2:123456789012:{resource}/{uuid4()}"

    assert refusal(clients.session(arns={kind: arn}))[0] == 404


def test_a_revoked_certificate_is_refused_while_the_list_is_enabled(clients: Clients) -> None:
    identity = issue_client(clients.anchor, CLIENT, NOW)
    other = issue_client(clients.anchor, CLIENT, NOW)

    crl_id = revoke(clients, identity, clients.anchor)

    assert refusal(clients.session(identity)) == (403, "Certificate revoked")
    assert clients.session(other).get_credentials().access_key
    clients.operator("rolesanywhere").disable_crl(crlId=crl_id)
    assert clients.session(identity).get_credentials().access_key


def test_a_revocation_list_of_another_issuer_has_no_effect(clients: Clients) -> None:
    identity = issue_client(clients.anchor, CLIENT, NOW)

    revoke(clients, identity, make_ca("somebody else", NOW))

    assert clients.session(identity).get_credentials().access_key


def revoke(clients: Clients, identity: CertifiedKey, issuer: CertifiedKey) -> str:
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(identity.certificate.serial_number)
        .revocation_date(NOW)
        .build()
    )
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
        .add_revoked_certificate(revoked)
        .sign(issuer.key, hashes.SHA256())
    )
    imported = clients.operator("rolesanywhere").import_crl(
        name="test",
        enabled=True,
        crlData=crl.public_bytes(serialization.Encoding.PEM),
        trustAnchorArn=clients.aws.environment()["IAM_TRUST_ANCHOR_ARN"],
    )
    return str(imported["crl"]["crlId"])


@pytest.mark.parametrize(("asked_s", "lasts_s"), [(900, 900), (3600, 3600), (43_200, 3600)])
def test_a_session_lasts_as_requested_up_to_the_profiles_limit(
    clients: Clients, asked_s: int, lasts_s: int
) -> None:
    answer = clients.send(clients.session_request(durationSeconds=asked_s))

    expiration = answer.document["credentialSet"][0]["credentials"]["expiration"]
    lasts = datetime.fromisoformat(expiration) - datetime.now(UTC)
    assert answer.status == 201
    assert lasts.total_seconds() == pytest.approx(lasts_s, abs=30)


@pytest.mark.parametrize("asked_s", [899, 43_201])
def test_a_duration_out_of_bounds_is_refused(clients: Clients, asked_s: int) -> None:
    answer = clients.send(clients.session_request(durationSeconds=asked_s))

    bound = "greater than or equal to 900" if asked_s < 900 else "less than or equal to 43200"
    assert answer.status == 400
    assert answer.document["__type"] == "ValidationException"
    assert answer.document["message"] == (
        f"1 validation error detected: Value '{asked_s}' at 'durationSeconds' failed to satisfy "
        f"constraint: Member must have value {bound}"
    )


def test_a_duration_over_the_roles_own_limit_is_refused(clients: Clients) -> None:
    arns = register(clients, clients.anchor, CLIENT)
    clients.operator("rolesanywhere").update_profile(
        profileId=arns["profile_arn"].rpartition("/")[2], durationSeconds=43_200
    )

    status, message = refusal(clients.session(duration_s=43_200, arns=arns))

    assert status == 403
    assert message.endswith("exceeds the MaxSessionDuration set for this role.")


def test_a_session_names_its_subject_role_and_source_identity(clients: Clients) -> None:
    answer = clients.send(clients.session_request())

    session = answer.document["credentialSet"][0]
    assert answer.document["subjectArn"].startswith("arn:aws:rolesanywhere:us-west-2:")
    assert session["sourceIdentity"] == CLIENT
    assert session["roleArn"] == clients.aws.environment()["IAM_ROLE_ARN"]
    assert set(session["credentials"]) == {
        "accessKeyId", "secretAccessKey", "sessionToken", "expiration",
    }  # fmt: skip


def test_a_session_name_needs_a_profile_that_accepts_one(clients: Clients) -> None:
    arns = register(clients, clients.anchor, CLIENT)

    refused = refusal(clients.session(name="mine", arns=arns))
    clients.operator("rolesanywhere").update_profile(
        profileId=arns["profile_arn"].rpartition("/")[2], acceptRoleSessionName=True
    )
    session = clients.session(name="mine", arns=arns)

    assert refused[0] == 403
    assert clients.client("sts", session).get_caller_identity()["Arn"].endswith("/mine")


def test_instance_properties_are_required_if_the_profile_requires_them(clients: Clients) -> None:
    arns = register(clients, clients.anchor, CLIENT)
    wanting = clients.operator("rolesanywhere").create_profile(
        name="test", roleArns=[arns["role_arn"]], enabled=True, requireInstanceProperties=True
    )["profile"]["profileArn"]
    parameters: dict[str, Any] = {
        "profileArn": wanting,
        "roleArn": arns["role_arn"],
        "trustAnchorArn": arns["trust_anchor_arn"],
    }

    without = clients.send(clients.session_request(**parameters))
    parameters["instanceProperties"] = {"host": "a"}
    with_them = clients.send(clients.session_request(**parameters))

    assert (without.status, without.document["__type"]) == (400, "ValidationException")
    assert with_them.status == 201


def test_a_name_that_is_invalid_as_a_session_tag_is_refused(clients: Clients) -> None:
    identity = issue_client(clients.anchor, "John (42)", NOW)

    status, message = refusal(clients.session(identity))

    assert status == 403
    assert message.endswith("Issuer: [  ]; Subject: [ CN ]; SAN: [  ]")


def test_sessions_over_the_rate_are_throttled(clients: Clients) -> None:
    clients.aws.control.limit("CreateSession", 0)

    answer = clients.send(clients.session_request())

    assert (answer.status, answer.document["__type"]) == (429, "ThrottlingException")


def test_a_body_that_is_too_large_is_refused(clients: Clients) -> None:
    answer = clients.send(clients.session_request(instanceProperties={"note": "x" * 20_000}))

    assert (answer.status, answer.document["__type"]) == (400, "ValidationException")
