"""Translate errors of S3 and compatible stores into error words."""

from typing import TYPE_CHECKING

from schema.errors import Cause, ErrorWord
from service.aws import errors as aws_errors
from service.errors import SourceError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; besides, names of Ceph
# (DigitalOcean Spaces) and of MinIO for what S3 itself does not limit.
CODES: dict[ErrorWord, tuple[str, ...]] = {
    ErrorWord.AUTH: (
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidSecurity"),
        *("NotSignedUp", "CredentialsNotSupported", "TokenRefreshRequired", "ExpiredToken"),
        "XAdminUserNotFound",  # Versity's, with 404, of a key that it does not know
    ),
    ErrorWord.PERMISSION: (
        *("AccessDenied", "AllAccessDisabled", "AccountProblem", "UnauthorizedAccess"),
        *("UserSuspended", "KMS.DisabledException", "KMS.KMSInvalidStateException"),
        *("KMS.NotFoundException", "KMSDisabledException", "KMSInvalidStateException"),
    ),
    ErrorWord.NOT_FOUND: (
        *("NoSuchBucket", "NoSuchKey", "PermanentRedirect", "AuthorizationHeaderMalformed"),
        *("IllegalLocationConstraintException", "Redirect"),
    ),
    ErrorWord.THROTTLED: (
        *("SlowDown", "SlowDownRead", "SlowDownWrite", "TooManyRequests", "BandwidthLimitExceeded"),
        *("OperationAborted", "ConditionalRequestConflict"),
    ),
    ErrorWord.TIMEOUT: ("RequestTimeout",),
    ErrorWord.UNREACHABLE: ("InternalError", "ServiceUnavailable", "TemporaryRedirect"),
    ErrorWord.CLOCK: ("RequestTimeTooSkewed", "RequestExpired"),
    ErrorWord.QUOTA: ("QuotaExceeded", "XMinioAdminBucketQuotaExceeded"),
    ErrorWord.FULL: ("InsufficientStorage", "XMinioStorageFull"),
    ErrorWord.UNSUPPORTED: ("NotImplemented", "MethodNotAllowed"),
}
WORDS = {code: word for word, codes in CODES.items() for code in codes}
OTHER_REGION = frozenset(
    {"PermanentRedirect", "Redirect", "IllegalLocationConstraintException"}
    | {"AuthorizationHeaderMalformed"}
)
STATUSES = {  # by status, for answers without a body
    301: ErrorWord.NOT_FOUND,
    307: ErrorWord.UNREACHABLE,
    401: ErrorWord.AUTH,
    403: ErrorWord.PERMISSION,
    405: ErrorWord.UNSUPPORTED,
    409: ErrorWord.THROTTLED,
    501: ErrorWord.UNSUPPORTED,
    507: ErrorWord.FULL,
}
MOVED, NOT_FOUND = 301, 404
MISSING = "NoSuchKey"
CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412"})
UNKNOWN_CONDITION = frozenset({"NotImplemented", "InvalidArgument", "InvalidRequest"})


def translate(error: Exception) -> SourceError:
    """Translate an error of botocore; the detail contains no request and no answer."""
    if isinstance(error, SourceError):
        return error
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as in aws.errors
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above

    if isinstance(error, ClientError):
        return _of_response(error)
    if isinstance(error, ResponseParserError):
        return SourceError(ErrorWord.UNSUPPORTED, "the answer is not S3's XML", Cause.NO_S3)
    found = aws_errors.translate(error)
    if found.word is ErrorWord.FAILED and isinstance(error, BotoCoreError) and _broken(error):
        return SourceError(ErrorWord.UNREACHABLE, found.detail)
    return found


def code(error: BaseException | None) -> str:
    """Return S3's own name of an error, such as `NoSuchKey`; "" if it has none."""
    return aws_errors.code(error)


def _of_response(error: "ClientError") -> SourceError:
    name = aws_errors.code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if name in WORDS:
        word = WORDS[name]
    elif name == str(NOT_FOUND):  # S3 always says what is missing
        word = ErrorWord.UNSUPPORTED
    elif status in STATUSES:
        word = STATUSES[status]
    else:
        word = aws_errors.translate(error).word
    detail = f"{name} ({status}) on {error.operation_name}"
    if word is ErrorWord.UNSUPPORTED:
        return SourceError(word, detail, Cause.NO_S3)
    return SourceError(word, detail, _cause(name, status, str(error).lower()))


def _cause(name: str, status: int, message: str) -> Cause | None:
    if name in OTHER_REGION or (status == MOVED and name not in WORDS):
        return Cause.OTHER_REGION
    if name.startswith("KMS"):
        return Cause.KEY_UNUSABLE
    return Cause.KEY_DENIED if name == "AccessDenied" and "kms:" in message else None


def _broken(error: Exception) -> bool:
    """Tell whether a body ended early."""
    from botocore.exceptions import IncompleteReadError  # noqa: PLC0415 - as in aws.errors

    return isinstance(error, IncompleteReadError)
