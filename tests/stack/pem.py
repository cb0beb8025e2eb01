"""Real keys and certificates, as the tls provider makes them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def private_key() -> str:
    """Return a new P-256 key, PEM."""
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    )


def self_signed(key_pem: str, common_name: str, hours: int) -> str:
    """Return a certificate authority, PEM."""
    name, key = _name(common_name), _key(key_pem)
    return _signed(name, name, key.public_key(), key, hours, authority=True)


def request(key_pem: str, common_name: str) -> str:
    """Return a certificate request, PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(common_name))
    made = builder.sign(_key(key_pem), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def locally_signed(request_pem: str, ca_pem: str, ca_key_pem: str, hours: int) -> str:
    """Return a client's certificate, PEM."""
    csr = x509.load_pem_x509_csr(request_pem.encode())
    authority = x509.load_pem_x509_certificate(ca_pem.encode())
    public_key = csr.public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    return _signed(
        csr.subject, authority.subject, public_key, _key(ca_key_pem), hours, authority=False
    )


@dataclass(frozen=True)
class Issued:
    """A certificate of another authority, and its key, PEM."""

    certificate: str
    key: str


def issued(common_name: str) -> Issued:
    """Issue a certificate of another authority."""
    authority_key, key = private_key(), private_key()
    authority = self_signed(authority_key, "another authority", hours=24)
    return Issued(locally_signed(request(key, common_name), authority, authority_key, 12), key)


def expiry(certificate_pem: str) -> str:
    """Return when a certificate ends, RFC 3339."""
    return x509.load_pem_x509_certificate(certificate_pem.encode()).not_valid_after_utc.isoformat()


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    hours: int,
    *,
    authority: bool,
) -> str:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=hours))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if not authority:
        client = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(client, critical=False)
    made = builder.sign(signer, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
