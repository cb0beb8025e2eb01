"""Translate errors of boto3 and IAM Roles Anywhere into error words."""

from typing import TYPE_CHECKING

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Refusal
from service import tls_errors
from service.accounts import mask
from service.errors import SourceError
from service.remedies import REFUSALS

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from iam_rolesanywhere_session import CredentialsRetrievalError

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html and the errors
# of UpdateSecret, GetSecretValue and DescribeSecret there.
WORDS = {
    "AccessDenied": ErrorWord.PERMISSION,
    "AccessDeniedException": ErrorWord.PERMISSION,
    "NotAuthorized": ErrorWord.PERMISSION,
    "OptInRequired": ErrorWord.PERMISSION,
    "RegionDisabledException": ErrorWord.PERMISSION,
    "DecryptionFailure": ErrorWord.PERMISSION,
    "EncryptionFailure": ErrorWord.PERMISSION,
    "ExpiredToken": ErrorWord.AUTH,
    "ExpiredTokenException": ErrorWord.AUTH,
    "IncompleteSignature": ErrorWord.AUTH,
    "IncompleteSignatureException": ErrorWord.AUTH,
    "MissingAuthenticationToken": ErrorWord.AUTH,
    "MissingAuthenticationTokenException": ErrorWord.AUTH,
    "InvalidClientTokenId": ErrorWord.AUTH,
    "InvalidSignatureException": ErrorWord.AUTH,
    "SignatureDoesNotMatch": ErrorWord.AUTH,
    "UnrecognizedClientException": ErrorWord.AUTH,
    "RequestExpired": ErrorWord.CLOCK,
    "RequestTimeTooSkewed": ErrorWord.CLOCK,
    "LimitExceededException": ErrorWord.QUOTA,
    "ResourceNotFoundException": ErrorWord.NOT_FOUND,
    "InvalidParameterException": ErrorWord.INVALID_DATA,
    "ValidationException": ErrorWord.INVALID_DATA,
    "RequestLimitExceeded": ErrorWord.THROTTLED,
    "Throttling": ErrorWord.THROTTLED,
    "ThrottlingException": ErrorWord.THROTTLED,
    "TooManyRequestsException": ErrorWord.THROTTLED,
}
# The cause of `permission` if the secret has a customer's key. A denied key has the same type as
# any denial, so only its message shows it: https://github.com/aws/aws-cdk/issues/7677
KEY_DENIED = "access to kms is not allowed"
KEY_UNUSABLE = frozenset({"DecryptionFailure", "EncryptionFailure"})
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
BAD_REQUEST = 400
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429
MESSAGE_MAX = 300  # characters; a proxy may answer with a whole page

# A signature with a wrong time has the type of any wrong signature:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-troubleshooting.html
CLOCK_PHRASES = ("signature expired", "signature not yet current")

# Texts of IAM Roles Anywhere's refusals, in lower case. The API reference only lists types
# (https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html);
# the phrases are those seen in public reports of aws/rolesanywhere-credential-helper.
PHRASES = (
    (Refusal.CLOCK_SKEW, (*CLOCK_PHRASES, "x-amz-date")),
    (Refusal.CERTIFICATE_REVOKED, ("revoked",)),
    (Refusal.CERTIFICATE_EXPIRED, ("certificate expired", "expired certificate", "not valid yet")),
    (Refusal.CERTIFICATE_EXPIRED, ("validity period", "certificate has expired")),
    (Refusal.UNTRUSTED_CA, ("untrusted certificate", "untrusted", "chain")),
    (Refusal.WRONG_KEY, ("signature does not match", "invalid signature", "signature")),
    (Refusal.NOT_FOUND, ("not found", "does not exist", "no such")),
    (Refusal.NOT_ALLOWED, ("unable to assume", "not authorized", "not allowed", "disabled")),
)


def refusal(message: str) -> Refusal:
    """Guess the cause behind a refusal's text."""
    lowered = message.lower()
    for cause, phrases in PHRASES:
        if any(phrase in lowered for phrase in phrases):
            return cause
    return Refusal.OTHER


def refusal_of(error: Exception) -> Refusal | None:
    """Guess why CreateSession was refused, None if it failed without being refused."""
    from iam_rolesanywhere_session import CredentialsRetrievalError  # noqa: PLC0415 - as in translate

    if not isinstance(error, CredentialsRetrievalError) or not _is_refusal(error.status_code):
        return None
    return refusal(error.message)


def translate(error: Exception) -> SourceError:
    """Translate an error of boto3.

    The detail contains the error's type, never a request or a response, which can contain secrets.
    """
    if isinstance(error, SourceError):
        return error
    # Not at the top: boto3's import is too slow for a start.
    from botocore.exceptions import ClientError  # noqa: PLC0415
    from iam_rolesanywhere_session import CredentialsRetrievalError  # noqa: PLC0415

    if isinstance(error, ClientError):
        return _of_response(error)
    if isinstance(error, CredentialsRetrievalError):
        return _of_session(error)
    return tls_errors.judge(error) or SourceError(_of_transport(error), type(error).__name__)


def code(error: BaseException | None) -> str:
    """Return AWS's own name of an error, such as `AccessDeniedException`; "" if it has none."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as in translate

    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def _of_response(error: "ClientError") -> SourceError:
    name = code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    text = str(error).lower()
    if name == "InvalidRequestException" and "delet" in text:
        word = ErrorWord.NOT_FOUND  # the secret is scheduled for deletion
    elif any(phrase in text for phrase in CLOCK_PHRASES):
        word = ErrorWord.CLOCK
    elif name in WORDS:
        word = WORDS[name]
    else:
        word = _of_status(status)
    return SourceError(word, f"{name} ({status}) on {error.operation_name}", _cause(name, text))


def _cause(name: str, text: str) -> Cause | None:
    if name == "AccessDeniedException" and KEY_DENIED in text:
        return Cause.KEY_DENIED
    return Cause.KEY_UNUSABLE if name in KEY_UNUSABLE else None


def _of_session(error: "CredentialsRetrievalError") -> SourceError:
    text = mask(error.message[:MESSAGE_MAX])  # logs must not contain full account ids
    detail = f"CreateSession ended with {error.status_code}: {text}"
    if not _is_refusal(error.status_code):
        word = _of_status(error.status_code)
        return SourceError(ErrorWord.AUTH if word is ErrorWord.FAILED else word, detail)
    cause = refusal(error.message)
    word = ErrorWord.CLOCK if cause is Refusal.CLOCK_SKEW else ErrorWord.AUTH
    return SourceError(word, f"{detail} ({cause}: {REFUSALS[cause]})")


def _is_refusal(status: int) -> bool:
    """Tell whether a status means that we were refused, and not that the service is in trouble."""
    return BAD_REQUEST <= status < SERVER_ERROR and status != TOO_MANY_REQUESTS


def _of_transport(error: Exception) -> ErrorWord:
    from botocore import exceptions  # noqa: PLC0415 - as in translate

    if isinstance(error, exceptions.ReadTimeoutError | exceptions.ConnectTimeoutError):
        return ErrorWord.TIMEOUT
    if isinstance(error, exceptions.SSLError):
        return ErrorWord.TLS
    lost = isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError)
    return ErrorWord.UNREACHABLE if lost else ErrorWord.FAILED


def _of_status(status: int) -> ErrorWord:
    if status == TOO_MANY_REQUESTS:
        return ErrorWord.THROTTLED
    return ErrorWord.UNREACHABLE if status >= SERVER_ERROR else ErrorWord.FAILED
