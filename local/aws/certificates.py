"""The certificates that the stand-in makes for itself and its client."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_BACKDATE = timedelta(minutes=5)  # a client whose clock is a little late must not refuse them


@dataclass(frozen=True)
class CertifiedKey:
    """A certificate and the private key that belongs to it."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate alone, PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key alone, unencrypted PKCS #8 PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def pem(self) -> bytes:
        """Key, then certificate."""
        return self.key_pem + self.certificate_pem


def load(pem: bytes) -> CertifiedKey:
    """Load the text of `CertifiedKey.pem`."""
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError(f"a private key must be EC or RSA, not {type(key).__name__}")
    return CertifiedKey(x509.load_pem_x509_certificate(pem), key)


def make_ca(
    name: str, now: datetime, days: int = 3650, key: PrivateKey | None = None
) -> CertifiedKey:
    """Make a self-signed CA, P-256 unless a `key` is given."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(name, key, now, days)
        .issuer_name(_name(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(ca=True), critical=True)
    )
    return CertifiedKey(builder.sign(key, hashes.SHA256()), key)


def issue_client(
    ca: CertifiedKey, name: str, now: datetime, days: int = 365, key: PrivateKey | None = None
) -> CertifiedKey:
    """Issue a client certificate that Roles Anywhere accepts: CA:FALSE, digitalSignature, SHA-256.

    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = _end_entity(ca, name, key, now, days).add_extension(usage, critical=False)
    return CertifiedKey(builder.sign(ca.key, hashes.SHA256()), key)


def issue_server(ca: CertifiedKey, now: datetime, days: int = 365) -> CertifiedKey:
    """Issue a TLS certificate for localhost and 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = (
        _end_entity(ca, "localhost", key, now, days)
        .add_extension(names, critical=False)
        .add_extension(usage, critical=False)
    )
    return CertifiedKey(builder.sign(ca.key, hashes.SHA256()), key)


def _end_entity(
    ca: CertifiedKey, name: str, key: PrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    return (
        _builder(name, key, now, days)
        .issuer_name(ca.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(issuer_key, critical=False)
    )


def _builder(name: str, key: PrivateKey, now: datetime, days: int) -> x509.CertificateBuilder:
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(subject_key, critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
