"""Create certificates of every kind in use, as IAM Roles Anywhere requires them."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Holder:
    """A certificate and its key, of any type."""

    certificate: x509.Certificate
    key: Any  # of every type that cryptography has

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def key_pem(self) -> bytes:
        return key_pem(self.key)

    def variables(self, *others: "Holder") -> dict[str, str]:
        """Return the identity's variables; other certificates precede its own."""
        text = b"".join(each.pem for each in (*others, self))
        return {"IAM_CLIENT_CERT": encoded(text), "IAM_CLIENT_KEY": encoded(self.key_pem)}


def encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


def key_pem(key: Any, password: bytes | None = None, form: str = "PKCS8") -> bytes:
    how: Any = serialization.NoEncryption()
    if password is not None:
        how = serialization.BestAvailableEncryption(password)
    content: bytes = key.private_bytes(PEM, getattr(serialization.PrivateFormat, form), how)
    return content


def issue(
    name: str,
    issuer: Holder | None = None,
    *,
    key: Any = None,
    ca: bool | None = False,
    usage: bool | None = None,
    hash_: Any = hashes.SHA256,
    days: tuple[float, float] = (-1, 30),
) -> Holder:
    """Issue a certificate.

    Args:
        name: Its common name.
        issuer: The issuer whose key signs it, None for a self-signed one.
        key: Its key, by default a new P-256 key.
        ca: The CA flag of its basic constraints; None omits them.
        usage: Whether it may sign (digitalSignature); by default as `ca` requires.
        hash_: The hash of its signature; None if the issuer's key implies it.
        days: Its validity in days from now.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )
    if ca is not None:
        constraints = x509.BasicConstraints(ca=ca, path_length=None)
        builder = builder.add_extension(constraints, critical=True)
    signs = not ca if usage is None else usage
    builder = builder.add_extension(_usage(signs=signs, ca=bool(ca)), critical=True)
    signing = issuer.key if issuer else key
    return Holder(builder.sign(signing, hash_() if hash_ else None), key)


def _usage(*, signs: bool, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=not signs and not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
