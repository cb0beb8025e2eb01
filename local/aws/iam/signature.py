"""Parse Signature Version 4: the claims of a request, and the signed text.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from local.aws.wire.errors import bad_signature, incomplete, unsigned
from local.aws.wire.message import Request

MAX_SKEW = timedelta(minutes=5)  # the page above: within five minutes of the time stamp
_AUTHORIZATION = re.compile(
    r"(?P<algorithm>\S+) +Credential=(?P<credential>[^,\s]+), *"
    r"SignedHeaders=(?P<signed>[^,\s]+), *Signature=(?P<signature>[^,\s]+)"
)
UNSIGNED = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Signature:
    """The parts of an Authorization header."""

    algorithm: str
    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str

    @property
    def scope(self) -> str:
        """The credential scope without the key: date, region, service."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def parse(request: Request) -> Signature:
    """Parse the signature of `request`.

    Raises:
        AwsError: There is none, or it lacks a part.
    """
    header = request.headers.get("authorization")
    if not header:
        raise unsigned()
    match = _AUTHORIZATION.fullmatch(header.strip())
    if match is None:
        raise incomplete("Authorization header requires 'Credential', 'SignedHeaders', 'Signature'")
    key_id, *scope = match["credential"].split("/")
    if len(scope) != 4 or scope[3] != "aws4_request":  # noqa: PLR2004 date, region, service, end
        raise incomplete("Credential must have exactly 5 slash-delimited elements")
    signed = tuple(match["signed"].split(";"))
    date, region, service, _ = scope
    return Signature(match["algorithm"], key_id, date, region, service, signed, match["signature"])


def check_time(request: Request, signature: Signature, now: datetime) -> None:
    """Refuse a signature made too long ago, or ahead of `now`.

    Raises:
        AwsError: With the messages that AWS's services give.
    """
    stamp = request.headers.get("x-amz-date", "")
    try:
        signed_at = datetime.strptime(stamp, _DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise incomplete("Authorization header requires existence of 'X-Amz-Date'") from None
    if stamp[:8] != signature.date:
        raise bad_signature("Date in Credential scope does not match YYYYMMDD of 'X-Amz-Date'")
    here = now.strftime(_DATE_FORMAT)
    if signed_at < now - MAX_SKEW:
        limit = (now - MAX_SKEW).strftime(_DATE_FORMAT)
        raise bad_signature(
            f"Signature expired: {stamp} is now earlier than {limit} ({here} - 5 min.)"
        )
    if signed_at > now + MAX_SKEW:
        limit = (now + MAX_SKEW).strftime(_DATE_FORMAT)
        raise bad_signature(
            f"Signature not yet current: {stamp} is still later than {limit} ({here} + 5 min.)"
        )


def string_to_sign(request: Request, signature: Signature) -> str:
    """Return the text that must have been signed.

    Raises:
        AwsError: A header that must be signed is not.
    """
    must = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    if missing := must - set(signature.signed_headers):
        name = min(missing)
        raise bad_signature(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    digest = hashlib.sha256(_canonical_request(request, signature).encode()).hexdigest()
    stamp = request.headers["x-amz-date"]
    return f"{signature.algorithm}\n{stamp}\n{signature.scope}\n{digest}"


def hmac_signature(secret_key: str, signature: Signature, text: str) -> str:
    """Return the AWS4-HMAC-SHA256 signature of `text`, in hexadecimal."""
    key = f"AWS4{secret_key}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def _canonical_request(request: Request, signature: Signature) -> str:
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n"
        for name in signature.signed_headers
    )
    pairs = sorted((_encode(name), _encode(value)) for name, value in request.query)
    return "\n".join(
        (
            request.method,
            _path(request, signature),
            "&".join(f"{name}={value}" for name, value in pairs),
            headers,
            ";".join(signature.signed_headers),
            _payload(request, signature),
        )
    )


def _path(request: Request, signature: Signature) -> str:
    """Encode the path once more, except for S3."""
    return request.path if signature.service == "s3" else quote(request.path, safe="/~") or "/"


def _payload(request: Request, signature: Signature) -> str:
    """Return the body's digest, or what S3 clients send in its place if only TLS protects it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    digest = request.headers.get("x-amz-content-sha256", "")
    if signature.service == "s3" and digest in UNSIGNED:
        return digest
    return hashlib.sha256(request.body).hexdigest()


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
