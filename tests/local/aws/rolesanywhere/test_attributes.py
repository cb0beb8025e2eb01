"""The attributes that a session takes from its certificate."""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.aws.rolesanywhere.attributes import session_name, source_identity, tags

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def certificate(serial: int = 1, **names: str) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(getattr(NameOID, n), v) for n, v in names.items()])
    alternatives = x509.SubjectAlternativeName([x509.DNSName("a.test")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")]))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(NOW)
        .not_valid_after(NOW)
        .add_extension(alternatives, critical=False)
        .sign(key, hashes.SHA256())
    )


def test_the_session_is_named_by_the_serial_number_in_hexadecimal() -> None:
    # The serial of https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
    documented = 0x1F71C5114A119FC0CC5A5A52FB3720AD

    assert session_name(certificate(documented)) == "1f71c5114a119fc0cc5a5a52fb3720ad"
    assert session_name(certificate(0x102)) == "0102"


def test_the_source_identity_is_the_common_name() -> None:
    assert source_identity(certificate(COMMON_NAME="app")) == "app"
    assert source_identity(certificate(COMMON_NAME="not (allowed)")) is None
    assert source_identity(certificate(ORGANIZATION_NAME="x")) is None


def test_subject_issuer_and_alternative_names_become_tags() -> None:
    found = tags(certificate(COMMON_NAME="app", ORGANIZATION_NAME="o"), [], "role")

    assert found == {
        "x509Subject/CN": "app",
        "x509Subject/O": "o",
        "x509Issuer/CN": "ca",
        "x509SAN/DNS": "a.test",
    }


def test_a_mapping_selects_the_part_of_a_field_that_becomes_a_tag() -> None:
    mapping = {"certificateField": "x509Subject", "mappingRules": [{"specifier": "CN"}]}

    found = tags(certificate(COMMON_NAME="app", ORGANIZATION_NAME="o"), [mapping], "role")

    assert "x509Subject/CN" in found
    assert "x509Subject/O" not in found
    assert "x509SAN/DNS" in found
