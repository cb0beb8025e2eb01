import base64
import json

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tests.stack.conftest import OLD_ROLE, OLD_SECRET, Program
from tests.stack.recording import Recording


def _names(recording: Recording) -> list[str]:
    document = json.loads(recording.one("role:Role").inputs["assumeRolePolicy"])
    names = document["Statement"][0]["Condition"]["StringEquals"]
    return list(names["aws:PrincipalTag/x509Subject/CN"])


def test_authority_and_client_use_p256(program: Program) -> None:
    keys = program().of("PrivateKey")

    assert [(k.inputs["algorithm"], k.inputs["ecdsaCurve"]) for k in keys] == [
        ("ECDSA", "P256")
    ] * 2


def test_no_client_outlives_its_authority(program: Program) -> None:
    authority = program().one("SelfSignedCert").inputs
    client = program().one("LocallySignedCert").inputs

    assert authority["isCaCertificate"] is True
    assert not client.get("isCaCertificate")
    assert authority["earlyRenewalHours"] > client["validityPeriodHours"]
    assert client["earlyRenewalHours"] > 0


def test_the_trust_policy_pins_the_anchor_and_the_generation(program: Program) -> None:
    recording = program()
    condition = json.loads(recording.one("role:Role").inputs["assumeRolePolicy"])["Statement"][0][
        "Condition"
    ]

    assert condition["ArnEquals"]["aws:SourceArn"] == recording.exports["trustAnchorArn"]
    assert _names(recording) == ["heartbeat-dev-1"]
    assert recording.one("CertRequest").inputs["subject"]["commonName"] == "heartbeat-dev-1"


def test_a_rotation_accepts_both_generations_and_uses_the_new_one(program: Program) -> None:
    recording = program("rotating")

    assert _names(recording) == ["heartbeat-dev-1", "heartbeat-dev-2"]
    assert recording.one("CertRequest").inputs["subject"]["commonName"] == "heartbeat-dev-2"


def test_key_and_certificate_change_together(program: Program) -> None:
    def pair(recording: Recording) -> tuple[str, str]:
        service = recording.components[0]["envs"]
        certificate = next(e["value"] for e in service if e["key"] == "IAM_CLIENT_CERT")
        key = next(e["value"] for e in recording.spec["envs"] if e["key"] == "IAM_CLIENT_KEY")
        return certificate, key

    before, during = pair(program()), pair(program("rotating"))

    assert before[0] != during[0]
    assert before[1] != during[1]
    for certificate, key in (before, during):
        assert _public_key_of_certificate(certificate) == _public_key_of_key(key)


def test_after_a_rotation_only_the_new_generation_is_accepted(program: Program) -> None:
    assert _names(program(identityGenerations="[2]")) == ["heartbeat-dev-2"]


def test_the_anchor_warns_before_certificates_expire(program: Program) -> None:
    settings = program().one("TrustAnchor").inputs["notificationSettings"]

    assert {s["event"] for s in settings} == {
        "CA_CERTIFICATE_EXPIRY",
        "END_ENTITY_CERTIFICATE_EXPIRY",
    }
    assert all(s["enabled"] and 1 <= s["threshold"] <= 360 for s in settings)


def test_a_session_lasts_an_hour(program: Program) -> None:
    recording = program()

    assert recording.one("Profile").inputs["durationSeconds"] == 3600
    assert recording.one("Profile").inputs["roleArns"] == [recording.exports["roleArn"]]


def test_the_policy_names_the_one_secret(program: Program) -> None:
    for recording in (program(), program("existing secret")):
        document = json.loads(recording.one("RolePolicy").inputs["policy"])

        assert [s["Resource"] for s in document["Statement"]] == [recording.exports["secretArn"]]
    assert recording.exports["secretArn"] == OLD_SECRET


def test_an_existing_role_gets_the_permissions_and_its_owner_the_trust_policy(
    program: Program,
) -> None:
    recording = program("existing role")

    assert recording.one("RolePolicy").inputs["role"] == "app"
    assert recording.exports["roleArn"] == OLD_ROLE
    assert recording.exports["trustAnchorArn"] in recording.exports["trustPolicy"]


def test_revocation_reaches_the_policy(program: Program) -> None:
    document = program("everything optional").one("RolePolicy").inputs["policy"]

    assert "2026-11-24T12:00:00Z" in document


def _public_key_of_certificate(encoded: str) -> bytes:
    certificate = x509.load_pem_x509_certificate(base64.b64decode(encoded))
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public_key_of_key(encoded: str) -> bytes:
    key = load_pem_private_key(base64.b64decode(encoded), password=None)
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_the_authoritys_key_is_protected_and_the_clients_is_not(program: Program) -> None:
    keys = {k.name: k.request.protect for k in program("rotating").of("PrivateKey")}

    assert keys == {"identity-authority-key": True, "identity-client-key-2": False}
    given_up = program(protectData="false").of("PrivateKey")
    assert not any(key.request.protect for key in given_up)
