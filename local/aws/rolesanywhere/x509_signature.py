"""Signature Version 4 made with a certificate's key instead of a secret.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from local.aws.iam import signature as sigv4
from local.aws.wire.errors import AwsError
from local.aws.wire.message import Request

_HEXADECIMAL = re.compile(r"([0-9a-f]{2})+")


@dataclass(frozen=True)
class SigningCertificate:
    """The certificate whose key signed a request, and the intermediates sent with it."""

    certificate: x509.Certificate
    chain: list[x509.Certificate]


def verify(request: Request, region: str, now: datetime) -> SigningCertificate:
    """Return the certificate that signed `request`; its trust is checked elsewhere.

    Raises:
        AwsError: AccessDeniedException, 403. "Invalid signature" is what the service answers to a
            wrong one (https://github.com/aws/rolesanywhere-credential-helper/issues/128); that it
            words a wrong time as its sister services do is unproved.
    """
    try:
        signature = sigv4.parse(request)
        sigv4.check_time(request, signature, now)
        text = sigv4.string_to_sign(request, signature)
    except AwsError as error:
        raise AwsError("AccessDeniedException", error.message) from None
    signing = _signing_certificate(request)
    if (
        (signature.region, signature.service) != (region, "rolesanywhere")
        or signature.key_id != str(signing.certificate.serial_number)
        or not _is_made_by(signing.certificate, signature, text.encode())
    ):
        raise _invalid_signature()
    return signing


def _signing_certificate(request: Request) -> SigningCertificate:
    try:
        certificate = _load(request.headers["x-amz-x509"])
        chain = request.headers.get("x-amz-x509-chain", "")
        return SigningCertificate(certificate, [_load(each) for each in chain.split(",") if each])
    except (KeyError, ValueError):
        raise AwsError("AccessDeniedException", "Untrusted signing certificate") from None


def _load(header: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(header, validate=True))


def _is_made_by(certificate: x509.Certificate, signature: sigv4.Signature, text: bytes) -> bool:
    if not _HEXADECIMAL.fullmatch(signature.value):
        return False
    value = bytes.fromhex(signature.value)
    try:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and signature.algorithm == "AWS4-X509-RSA-SHA256":
            key.verify(value, text, padding.PKCS1v15(), hashes.SHA256())
            return True
        if (
            isinstance(key, ec.EllipticCurvePublicKey)
            and signature.algorithm == "AWS4-X509-ECDSA-SHA256"
        ):
            key.verify(value, text, ec.ECDSA(hashes.SHA256()))
            return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):  # the last two: an odd key
        pass
    return False


def _invalid_signature() -> AwsError:
    return AwsError("AccessDeniedException", "Invalid signature")
