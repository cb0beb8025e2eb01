"""How errors of boto3 and of IAM Roles Anywhere become words."""

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)
from iam_rolesanywhere_session import CredentialsRetrievalError

from schema.errors import ErrorWord
from schema.heartbeat import Refusal
from service.accounts import mask
from service.source import SourceError

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html and the errors
# of UpdateSecret, GetSecretValue and DescribeSecret there.
WORDS = {
    "AccessDenied": ErrorWord.PERMISSION,
    "AccessDeniedException": ErrorWord.PERMISSION,
    "DecryptionFailure": ErrorWord.PERMISSION,
    "EncryptionFailure": ErrorWord.PERMISSION,
    "ExpiredToken": ErrorWord.AUTH,
    "ExpiredTokenException": ErrorWord.AUTH,
    "IncompleteSignature": ErrorWord.AUTH,
    "InvalidClientTokenId": ErrorWord.AUTH,
    "InvalidSignatureException": ErrorWord.AUTH,
    "SignatureDoesNotMatch": ErrorWord.AUTH,
    "UnrecognizedClientException": ErrorWord.AUTH,
    "RequestExpired": ErrorWord.CLOCK,
    "LimitExceededException": ErrorWord.QUOTA,
    "ResourceNotFoundException": ErrorWord.NOT_FOUND,
    "InvalidParameterException": ErrorWord.INVALID_DATA,
    "ValidationException": ErrorWord.INVALID_DATA,
    "RequestLimitExceeded": ErrorWord.THROTTLED,
    "Throttling": ErrorWord.THROTTLED,
    "ThrottlingException": ErrorWord.THROTTLED,
    "TooManyRequestsException": ErrorWord.THROTTLED,
}
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429

# What IAM Roles Anywhere's refusals say, lower case. The API reference lists the types only
# (https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html);
# the phrases are those seen in public reports of aws/rolesanywhere-credential-helper.
PHRASES = (
    (Refusal.CLOCK_SKEW, ("signature expired", "signature not yet current", "x-amz-date")),
    (Refusal.CERTIFICATE_REVOKED, ("revoked",)),
    (Refusal.CERTIFICATE_EXPIRED, ("certificate expired", "expired certificate", "not valid yet")),
    (Refusal.CERTIFICATE_EXPIRED, ("validity period", "certificate has expired")),
    (Refusal.UNTRUSTED_CA, ("untrusted certificate", "untrusted", "chain")),
    (Refusal.WRONG_KEY, ("signature does not match", "invalid signature", "signature")),
    (Refusal.NOT_FOUND, ("not found", "does not exist", "no such")),
    (Refusal.NOT_ALLOWED, ("unable to assume", "not authorized", "not allowed", "disabled")),
)


def refusal(message: str) -> Refusal:
    """The likely cause behind a refusal's text."""
    lowered = message.lower()
    for cause, phrases in PHRASES:
        if any(phrase in lowered for phrase in phrases):
            return cause
    return Refusal.OTHER


def translate(error: Exception) -> SourceError:
    """One of boto3's errors as ours.

    The detail holds the type of error, never a request or a response, since both can hold
    secrets.
    """
    if isinstance(error, SourceError):
        return error
    if isinstance(error, ClientError):
        return _of_response(error)
    if isinstance(error, CredentialsRetrievalError):
        return _of_session(error)
    return SourceError(_of_transport(error), type(error).__name__)


def code(error: BaseException | None) -> str:
    """AWS's own name of an error, such as `AccessDeniedException`; "" if it has none."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def _of_response(error: ClientError) -> SourceError:
    name = code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if name == "InvalidRequestException" and "delet" in str(error).lower():
        word = ErrorWord.NOT_FOUND  # the secret is scheduled for deletion
    elif name in WORDS:
        word = WORDS[name]
    else:
        word = _of_status(status)
    return SourceError(word, f"{name} ({status}) on {error.operation_name}")


def _of_session(error: CredentialsRetrievalError) -> SourceError:
    word = _of_status(error.status_code)
    if word is ErrorWord.FAILED:
        skewed = refusal(error.message) is Refusal.CLOCK_SKEW
        word = ErrorWord.CLOCK if skewed else ErrorWord.AUTH
    said = mask(error.message)  # a log shall name no account in full
    return SourceError(word, f"CreateSession was refused ({error.status_code}): {said}")


def _of_transport(error: Exception) -> ErrorWord:
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError):
        return ErrorWord.TIMEOUT
    if isinstance(error, SSLError):
        return ErrorWord.TLS
    return ErrorWord.UNREACHABLE if isinstance(error, HTTPClientError) else ErrorWord.FAILED


def _of_status(status: int) -> ErrorWord:
    if status == TOO_MANY_REQUESTS:
        return ErrorWord.THROTTLED
    return ErrorWord.UNREACHABLE if status >= SERVER_ERROR else ErrorWord.FAILED
