"""AWS's errors, with AWS's messages and statuses.

Unless a line says otherwise the types are those of
https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-troubleshooting.html and
https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html; the query
protocol (IAM, STS) has older names for some, and 403 where the JSON protocol has 400.
"""

import json
from uuid import uuid4
from xml.sax.saxutils import escape

from local.aws.wire.message import Protocol, Reply

_NAMES_OF_S3 = {
    "InvalidClientTokenId": "InvalidAccessKeyId",
    "MissingAuthenticationToken": "AccessDenied",
    "Throttling": "SlowDown",
}
_STATUSES_OF_S3 = {"ExpiredToken": 400, "SlowDown": 503}


class AwsError(Exception):
    """A refusal that is sent to the client.

    Args:
        code: AWS's error type.
        message: The text for the client; never a secret.
        status: HTTP status; None for the protocol's own (JSON 400, others 403).
        query_code: The type in the query protocol, where it differs.
    """

    def __init__(
        self, code: str, message: str, status: int | None = None, query_code: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.query_code = query_code or code

    def reply(self, protocol: Protocol) -> Reply:
        """Format the refusal for `protocol`."""
        if protocol == "query":
            return Reply(self.status or 403, {"Content-Type": "text/xml"}, self._xml())
        if protocol == "s3":
            return self._of_s3()
        body = json.dumps({"__type": self.code, "message": self.message}).encode()
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": self.code}
        return Reply(self.status or (400 if protocol == "json" else 403), headers, body)

    def _of_s3(self) -> Reply:
        """Return the refusal under S3's names.

        https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
        """
        code = _NAMES_OF_S3.get(self.query_code, self.query_code)
        body = (
            f"<Error><Code>{escape(code)}</Code><Message>{escape(self.message)}</Message></Error>"
        )
        status = self.status or _STATUSES_OF_S3.get(code, 403)
        return Reply(status, {"Content-Type": "application/xml"}, body.encode())

    def _xml(self) -> bytes:
        return (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(self.query_code)}</Code>"
            f"<Message>{escape(self.message)}</Message></Error>"
            f"<RequestId>{uuid4()}</RequestId></ErrorResponse>"
        ).encode()


def unsigned() -> AwsError:
    """Build the refusal of a request without an Authorization header."""
    return AwsError(
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
        query_code="MissingAuthenticationToken",
    )


def incomplete(detail: str) -> AwsError:
    """Build the refusal of an incomplete Authorization header."""
    return AwsError("IncompleteSignatureException", detail, query_code="IncompleteSignature")


def unknown_key() -> AwsError:
    """Build the refusal of an unknown access key or session token."""
    return AwsError(
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        query_code="InvalidClientTokenId",
    )


def expired_token() -> AwsError:
    """Build the refusal of expired credentials."""
    return AwsError(
        "ExpiredTokenException",
        "The security token included in the request is expired",
        query_code="ExpiredToken",
    )


def bad_signature(detail: str | None = None) -> AwsError:
    """Build the refusal of a signature that does not match, or of a wrong time or scope."""
    return AwsError(
        "InvalidSignatureException",
        detail
        or "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service "
        "documentation for details.",
        query_code="SignatureDoesNotMatch",
    )


def denied(principal_arn: str, action: str, resource: str, *, explicit: bool) -> AwsError:
    """Build the refusal of an action that no policy allows, or that one denies.

    The wording is that of
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    reason = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    return AwsError(
        "AccessDeniedException",
        f"User: {principal_arn} is not authorized to perform: {action} on resource: "
        f"{resource} {reason}",
        query_code="AccessDenied",
    )


def key_denied() -> AwsError:
    """Build the refusal of a KMS key, with the only message that AWS gives.

    https://github.com/aws/aws-cdk/issues/7677 shows them.
    """
    return AwsError("AccessDeniedException", "Access to KMS is not allowed", 400)


def throttled(status: int = 400) -> AwsError:
    """Build the refusal of a request over the account's rate limit."""
    return AwsError("ThrottlingException", "Rate exceeded", status, query_code="Throttling")


def invalid(message: str) -> AwsError:
    """Build the refusal of parameters that violate a constraint."""
    return AwsError("ValidationException", message, 400, query_code="ValidationError")
