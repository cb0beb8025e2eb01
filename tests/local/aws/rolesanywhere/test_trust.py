"""A trust anchor accepts valid certificates and refuses others."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from local.aws.certificates import CertifiedKey, issue_client, make_ca
from local.aws.rolesanywhere.trust import MAX_CHAIN, check
from local.aws.wire.errors import AwsError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = make_ca("root", NOW)


def below(issuer: CertifiedKey, name: str, path_length: int | None = None) -> CertifiedKey:
    """Return an intermediate CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(make_ca(name, NOW).certificate.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=100))
        .add_extension(constraints, critical=True)
        .sign(issuer.key, hashes.SHA256())
    )
    return CertifiedKey(certificate, key)


def changed(change: Callable[[x509.Extension[x509.ExtensionType]], bool]) -> x509.Certificate:
    """Return a client certificate issued by ROOT, without the extensions that `change` matches."""
    template = issue_client(ROOT, "client", NOW).certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(template.subject)
        .issuer_name(template.issuer)
        .public_key(template.public_key())
        .serial_number(template.serial_number)
        .not_valid_before(template.not_valid_before_utc)
        .not_valid_after(template.not_valid_after_utc)
    )
    for extension in template.extensions:
        if not change(extension):
            builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(ROOT.key, hashes.SHA256())


def verdict(
    certificate: x509.Certificate, *chain: CertifiedKey, anchor: CertifiedKey = ROOT
) -> str:
    try:
        check(certificate, [each.certificate for each in chain], [anchor.certificate], NOW)
    except AwsError as error:
        return error.message
    return "trusted"


def test_a_certificate_issued_by_the_anchor_is_trusted() -> None:
    assert verdict(issue_client(ROOT, "client", NOW).certificate) == "trusted"


@pytest.mark.parametrize("kind", [x509.KeyUsage, x509.BasicConstraints])
def test_a_certificate_must_have_the_required_extensions(kind: type[x509.ExtensionType]) -> None:
    certificate = changed(lambda extension: isinstance(extension.value, kind))

    assert verdict(certificate) == "Untrusted certificate. Insufficient certificate"


@pytest.mark.parametrize(("ca", "may_sign"), [(True, True), (False, False)], ids=["ca", "no-use"])
def test_a_certificate_must_be_an_end_entitys_with_digital_signature(
    *, ca: bool, may_sign: bool
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(make_ca("client", NOW).certificate.subject)
        .issuer_name(ROOT.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=may_sign, **usage), critical=True)
        .sign(ROOT.key, hashes.SHA256())
    )

    assert verdict(certificate) == "Untrusted certificate. Insufficient certificate"


def test_intermediates_may_come_in_any_order_and_must_be_complete() -> None:
    first = below(ROOT, "first")
    second = below(first, "second")
    leaf = issue_client(second, "client", NOW).certificate

    assert verdict(leaf, first, second) == verdict(leaf, second, first) == "trusted"
    assert verdict(leaf, second) == "Untrusted signing certificate"


def test_the_path_length_constraint_is_enforced() -> None:
    first = below(ROOT, "first", path_length=0)
    second = below(first, "second")

    assert verdict(issue_client(first, "client", NOW).certificate, first) == "trusted"
    assert verdict(issue_client(second, "client", NOW).certificate, first, second) == (
        "Untrusted signing certificate"
    )


def test_an_end_entity_cannot_issue_certificates() -> None:
    middle = issue_client(ROOT, "middle", NOW)
    leaf = issue_client(middle, "client", NOW).certificate

    assert verdict(leaf, middle) == "Untrusted signing certificate"


def test_a_matching_issuer_name_without_a_signature_is_refused() -> None:
    impostor = make_ca("root", NOW)
    leaf = issue_client(impostor, "client", NOW).certificate

    assert verdict(leaf) == verdict(leaf, impostor) == "Untrusted signing certificate"


def test_an_expired_ca_is_refused() -> None:
    old = make_ca("old", NOW - timedelta(days=20), days=10)
    leaf = issue_client(old, "client", NOW).certificate

    assert verdict(leaf, anchor=old) == "Untrusted signing certificate"


def test_a_chain_that_is_too_long_is_refused() -> None:
    leaf = issue_client(ROOT, "client", NOW).certificate

    assert verdict(leaf, *[ROOT] * (MAX_CHAIN + 1)) == "Untrusted signing certificate"
