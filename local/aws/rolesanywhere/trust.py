"""Check whether a trust anchor trusts a certificate.

Rules of https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html (signature
validation): X.509 v3, end entity CA:FALSE with digitalSignature, CAs CA:TRUE with keyCertSign,
SHA-256 or stronger. `cryptography`'s own verifier follows the web's profile, which wants a subject
alternative name, so the path is walked here.

The messages "Untrusted signing certificate", "Untrusted certificate. Insufficient certificate" and
"Certificate revoked" are what the service has been seen to answer (public reports, among them
https://github.com/aws/rolesanywhere-credential-helper/issues/108); that a certificate outside its
validity gets the second of them is unproved.
"""

from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from local.aws.wire.errors import AwsError

MAX_CHAIN = 5  # intermediates in X-Amz-X509-Chain; the figure is unproved
_WEAK = {"md5", "sha1"}
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


def check(
    certificate: x509.Certificate,
    chain: list[x509.Certificate],
    anchors: list[x509.Certificate],
    now: datetime,
) -> None:
    """Refuse a `certificate` without a path through `chain` to one of `anchors`.

    Raises:
        AwsError: AccessDeniedException, 403.
    """
    if not _is_end_entity(certificate) or not _is_current(certificate, now):
        raise insufficient()
    if len(chain) > MAX_CHAIN or not _reaches(certificate, chain, anchors, now):
        raise AwsError("AccessDeniedException", "Untrusted signing certificate")


def is_ca(certificate: x509.Certificate) -> bool:
    """Tell whether `certificate` may sign others: CA:TRUE, and keyCertSign where usage is given."""
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def insufficient() -> AwsError:
    """Build the refusal of a certificate that lacks what Roles Anywhere requires."""
    return AwsError("AccessDeniedException", "Untrusted certificate. Insufficient certificate")


def _reaches(
    certificate: x509.Certificate,
    chain: list[x509.Certificate],
    anchors: list[x509.Certificate],
    now: datetime,
    depth: int = 0,
) -> bool:
    """Tell whether a path leads to an anchor; `depth` counts the CAs below the next issuer."""
    if any(_issued(anchor, certificate, now, depth) for anchor in anchors):
        return True
    return any(
        _issued(issuer, certificate, now, depth)
        and _reaches(issuer, [other for other in chain if other != issuer], anchors, now, depth + 1)
        for issuer in chain
    )


def _issued(
    issuer: x509.Certificate, certificate: x509.Certificate, now: datetime, depth: int
) -> bool:
    constraints = _extension(issuer, x509.BasicConstraints)
    if not is_ca(issuer) or constraints is None or not _is_current(issuer, now):
        return False
    if constraints.path_length is not None and constraints.path_length < depth:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_end_entity(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    algorithm = certificate.signature_hash_algorithm
    return (
        certificate.version is x509.Version.v3
        and constraints is not None
        and not constraints.ca
        and usage is not None
        and usage.digital_signature
        and algorithm is not None
        and algorithm.name not in _WEAK
    )


def _is_current(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None
