"""The client certificate with its key and chain, parsed from PEM."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from service import pem
from service.aws.certificate_checks import check, check_dates
from service.aws.private_key import Key

THE_KEY = "the key"
_PEM = serialization.Encoding.PEM
_PUBLIC = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate that IAM Roles Anywhere can accept, as far as can be checked here.

    Attributes:
        leaf: The certificate that matches the key.
        chain: The CA certificates from its issuer to the trust anchor, without the anchor itself,
            which AWS has.
        key: Its private key.
    """

    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: Key = field(repr=False, compare=False)

    @property
    def leaf_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.leaf.public_bytes(_PEM)

    @property
    def chain_pem(self) -> bytes | None:
        """The chain as PEM, None if the anchor signed the certificate itself."""
        return b"".join(each.public_bytes(_PEM) for each in self.chain) or None

    @property
    def key_pem(self) -> bytes:
        """The private key as PEM: a secret."""
        form, open_ = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(_PEM, form, open_)


def certificates(text: str) -> list[x509.Certificate]:
    """Load the certificates in a PEM text, in their order.

    Raises:
        ValueError: There is none, or one cannot be parsed.
    """
    found = pem.certificates(text)
    try:
        return [x509.load_der_x509_certificate(each.der) for each in found]
    except (ValueError, x509.InvalidVersion):
        msg = "it contains a certificate that cannot be read: its content is damaged"
        raise ValueError(msg) from None


def matched(found: Sequence[x509.Certificate], key: Key, now: datetime) -> ClientCertificate:
    """Find the certificate that a key fits, with the chain that its issuers make.

    If several match, as after a renewal with the same key, the one that ends last.

    Raises:
        ValueError: None matches, or AWS would refuse it; each sentence continues after the name of
            the certificate's variable.
    """
    of_key = key.public_key().public_bytes(*_PUBLIC)
    fitting = [each for each in found if _public(each) == of_key]
    if not fitting:
        msg = f"is not the certificate of {THE_KEY}: set the two together"
        raise ValueError(msg)
    leaf = max(fitting, key=lambda each: each.not_valid_after_utc)
    check(leaf, now)
    return ClientCertificate(leaf, _chain(leaf, found, now), key)


def _chain(
    leaf: x509.Certificate, found: Sequence[x509.Certificate], now: datetime
) -> tuple[x509.Certificate, ...]:
    chain: list[x509.Certificate] = []
    below = leaf
    while below.issuer != below.subject:
        above = [each for each in found if each not in (leaf, *chain) and _issued(each, below)]
        if not above:
            break
        below = max(above, key=lambda each: each.not_valid_after_utc)
        if below.issuer == below.subject:
            break
        check_dates(below, f"holds an intermediate ({below.subject.rfc4514_string()}) that ", now)
        chain.append(below)
    return tuple(chain)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - errors of many types, all meaning no
        return False
    return True


def _public(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.public_key().public_bytes(*_PUBLIC)
    except (ValueError, UnsupportedAlgorithm):
        return None
