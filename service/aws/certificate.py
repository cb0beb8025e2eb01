"""The client certificate with its key and chain, parsed from PEM and checked by AWS's rules.

Requirements of IAM Roles Anywhere:
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from service import pem

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

THE_KEY = "the key"
HASHES = frozenset({"sha256", "sha384", "sha512"})
ENCRYPTED = (
    "it is an encrypted key, and Heartbeat has no passphrase: decrypt it with "
    "`openssl pkey -in FILE`"
)
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
        msg = "it holds a certificate that cannot be read: its content is damaged"
        raise ValueError(msg) from None


def private_key(text: str) -> Key:
    """Load the one private key in a PEM text.

    Raises:
        ValueError: There is none, more than one, or one of an unsupported kind.
    """
    found = pem.blocks(text)
    keys = [each for each in found if "PRIVATE KEY" in each.label]
    if len(keys) != 1:
        many = f"{len(keys)} private keys" if keys else f"no private key but a {found[0].label}"
        msg = f"it holds {many}: give the one of the certificate"
        raise ValueError(msg)
    [block] = keys
    if block.label.startswith("ENCRYPTED") or "ENCRYPTED" in block.headers:
        raise ValueError(ENCRYPTED)
    if block.label.startswith("OPENSSH"):
        msg = "it is a key in OpenSSH's form: write it with `ssh-keygen -p -m PEM -f FILE`"
        raise ValueError(msg)
    try:
        key = serialization.load_pem_private_key(block.text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        msg = "the private key cannot be read: its content is damaged"
        raise ValueError(msg) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        name = type(key).__name__.removeprefix("_").removesuffix("PrivateKey")
        msg = f"it is an {name} key, and IAM Roles Anywhere accepts only RSA and EC keys"
        raise ValueError(msg)  # noqa: TRY004 - an invalid setting, not a wrong type
    return key


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
    _check(leaf, now)
    return ClientCertificate(leaf, _chain(leaf, found, now), key)


def _check(leaf: x509.Certificate, now: datetime) -> None:
    """Refuse what IAM Roles Anywhere would refuse."""
    hash_ = _hash_of(leaf)
    if leaf.version is not x509.Version.v3:
        msg = "is an X.509 v1 certificate, and IAM Roles Anywhere takes v3: issue a new one"
        raise ValueError(msg)
    if hash_ not in HASHES:
        msg = f"is signed with {hash_}, and IAM Roles Anywhere takes SHA-256, SHA-384 and SHA-512"
        raise ValueError(msg)
    if not _says_end_entity(leaf):
        msg = "is a CA certificate (CA:TRUE), or lacks CA:FALSE: issue a client certificate"
        raise ValueError(msg)
    if not _may_sign(leaf):
        msg = "does not allow digitalSignature in its key usage: issue one that does"
        raise ValueError(msg)
    _check_dates(leaf, "", now)


def _check_dates(certificate: x509.Certificate, which: str, now: datetime) -> None:
    if now > certificate.not_valid_after_utc:
        ended = f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        msg = f"{which}has expired at {ended}: issue a new one (`pulumi up` does)"
        raise ValueError(msg)
    if now < certificate.not_valid_before_utc:
        begins = f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        msg = f"{which}is not valid before {begins}: wait, or set this host's clock right"
        raise ValueError(msg)


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
        _check_dates(below, f"holds an intermediate ({below.subject.rfc4514_string()}) that ", now)
        chain.append(below)
    return tuple(chain)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - errors of many types, all meaning no
        return False
    return True


def _hash_of(certificate: x509.Certificate) -> str:
    """Name the hash of its signature, or the signature that has none."""
    try:
        hash_ = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    # RFC 8410's signatures have a built-in hash.
    return hash_.name if hash_ else "Ed25519 or Ed448"


def _says_end_entity(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return not found.value.ca


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return found.value.digital_signature


def _public(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.public_key().public_bytes(*_PUBLIC)
    except (ValueError, UnsupportedAlgorithm):
        return None
