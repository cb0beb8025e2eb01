"""Check a certificate by the rules of IAM Roles Anywhere.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
"""

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

HASHES = frozenset({"sha256", "sha384", "sha512"})


def check(leaf: x509.Certificate, now: datetime) -> None:
    """Refuse what IAM Roles Anywhere would refuse."""
    hash_ = _hash_of(leaf)
    if leaf.version is not x509.Version.v3:
        msg = "is an X.509 v1 certificate, and IAM Roles Anywhere takes v3: issue a new one"
        raise ValueError(msg)
    if hash_ not in HASHES:
        msg = f"is signed with {hash_}, and IAM Roles Anywhere takes SHA-256, SHA-384 and SHA-512"
        raise ValueError(msg)
    if not _is_end_entity(leaf):
        msg = "is a CA certificate (CA:TRUE), or lacks CA:FALSE: issue a client certificate"
        raise ValueError(msg)
    if not _may_sign(leaf):
        msg = "does not allow digitalSignature in its key usage: issue one that does"
        raise ValueError(msg)
    check_dates(leaf, "", now)


def check_dates(certificate: x509.Certificate, which: str, now: datetime) -> None:
    """Refuse a certificate that is not valid now; `which` begins the message."""
    if now > certificate.not_valid_after_utc:
        ended = f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        msg = f"{which}has expired at {ended}: issue a new one (`pulumi up` does)"
        raise ValueError(msg)
    if now < certificate.not_valid_before_utc:
        begins = f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        msg = f"{which}is not valid before {begins}: wait, or set this host's clock right"
        raise ValueError(msg)


def _hash_of(certificate: x509.Certificate) -> str:
    """Name the hash of its signature, or the signature that has none."""
    try:
        hash_ = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    # RFC 8410's signatures have a built-in hash.
    return hash_.name if hash_ else "Ed25519 or Ed448"


def _is_end_entity(certificate: x509.Certificate) -> bool:
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
