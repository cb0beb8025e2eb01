import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from iam_rolesanywhere_session import CredentialsRetrievalError

from schema.errors import RETRYABLE, Cause, ErrorWord
from schema.heartbeat import Refusal
from service.aws import errors as aws_errors
from service.errors import SourceError
from service.remedies import REFUSALS

E = ErrorWord
URL = "https://aws.invalid/"


def response(code: str, status: int = 400, message: str = "no") -> ClientError:
    response = {"Error": {"Code": code, "Message": message}}
    return ClientError(response | {"ResponseMetadata": {"HTTPStatusCode": status}}, "UpdateSecret")


@pytest.mark.parametrize(("code", "word"), aws_errors.WORDS.items())
def test_each_code_of_aws_has_its_error_word(code: str, word: ErrorWord) -> None:
    error = aws_errors.translate(response(code))

    assert error.word is word
    assert error.detail == f"{code} (400) on UpdateSecret"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (
            response("AccessDeniedException", message="Access to KMS is not allowed"),
            Cause.KEY_DENIED,
        ),
        (response("EncryptionFailure"), Cause.KEY_UNUSABLE),
        (response("DecryptionFailure"), Cause.KEY_UNUSABLE),
        (response("AccessDeniedException", message="User: x is not authorized to perform"), None),
        (response("ValidationException", message="Access to KMS is not allowed"), None),
    ],
)
def test_an_unusable_kms_key_has_its_own_cause(error: ClientError, cause: Cause | None) -> None:
    assert aws_errors.translate(error).cause is cause


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (EndpointConnectionError(endpoint_url=URL), E.UNREACHABLE),
        (ConnectionClosedError(endpoint_url=URL), E.UNREACHABLE),
        (ConnectTimeoutError(endpoint_url=URL), E.TIMEOUT),
        (ReadTimeoutError(endpoint_url=URL), E.TIMEOUT),
        (SSLError(endpoint_url=URL, error="certificate"), E.TLS),
        (response("Unheard", 500), E.UNREACHABLE),
        (response("Unheard", 503), E.UNREACHABLE),
        (response("Unheard", 429), E.THROTTLED),
        (response("Unheard", 400), E.FAILED),
        (response("InvalidRequestException", message="it was marked for deletion"), E.NOT_FOUND),
        (response("InvalidRequestException"), E.FAILED),
        (response("InvalidSignatureException"), E.AUTH),
        (response("InvalidSignatureException", message="Signature expired: 2026"), E.CLOCK),
        (response("SignatureDoesNotMatch", 403, "Signature not yet current: 2026"), E.CLOCK),
        (CredentialsRetrievalError(403, "Untrusted signing certificate"), E.AUTH),
        (CredentialsRetrievalError(403, "Signature expired: 2026"), E.CLOCK),
        (CredentialsRetrievalError(404, "not found"), E.AUTH),
        (CredentialsRetrievalError(429, "Rate exceeded"), E.THROTTLED),
        (CredentialsRetrievalError(503, "<html>"), E.UNREACHABLE),
        (CredentialsRetrievalError(201, "response body is not valid JSON"), E.AUTH),
        (ZeroDivisionError(), E.FAILED),
    ],
)
def test_each_failure_of_a_call_has_its_error_word(error: Exception, word: ErrorWord) -> None:
    assert aws_errors.translate(error).word is word


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Untrusted signing certificate", Refusal.UNTRUSTED_CA),
        ("Untrusted certificate. Insufficient certificate", Refusal.UNTRUSTED_CA),
        ("Certificate revoked", Refusal.CERTIFICATE_REVOKED),
        ("Certificate has expired", Refusal.CERTIFICATE_EXPIRED),
        ("Signature expired: 20261124T220000Z is now earlier than", Refusal.CLOCK_SKEW),
        ("Signature not yet current: 20261124T220000Z", Refusal.CLOCK_SKEW),
        ("Invalid signature", Refusal.WRONG_KEY),
        ("Unable to assume role for arn:aws:iam::1:role/x", Refusal.NOT_ALLOWED),
        ("Profile disabled", Refusal.NOT_ALLOWED),
        ("ResourceNotFoundException: does not exist", Refusal.NOT_FOUND),
        ("something new", Refusal.OTHER),
    ],
)
def test_a_refusal_is_one_sentence_with_cause_and_remedy(message: str, cause: Refusal) -> None:
    error = CredentialsRetrievalError(403, message)

    assert aws_errors.refusal_of(error) is cause
    detail = aws_errors.translate(error).detail
    assert message in detail
    assert REFUSALS[cause] in detail


@pytest.mark.parametrize("status", [201, 429, 500, 503])
def test_an_error_unrelated_to_the_identity_is_not_a_refusal(status: int) -> None:
    assert aws_errors.refusal_of(CredentialsRetrievalError(status, "Untrusted")) is None
    assert aws_errors.refusal_of(ZeroDivisionError()) is None


def test_only_errors_that_another_attempt_can_solve_are_retried() -> None:
    words = {E.THROTTLED, E.UNREACHABLE, E.TIMEOUT}

    assert words <= RETRYABLE
    assert not RETRYABLE & {E.AUTH, E.PERMISSION, E.CLOCK, E.QUOTA, E.NOT_FOUND, E.INVALID_DATA}


def test_a_log_contains_no_account_and_no_proxys_page() -> None:
    response = "Unable to assume arn:aws:iam::123456789012:role/x " + "<p>" * 1000

    detail = aws_errors.translate(CredentialsRetrievalError(403, response)).detail

    assert "123456789012" not in detail
    assert len(detail) < 700


def test_an_error_of_ours_stays_as_it_is() -> None:
    ours = SourceError(E.TIMEOUT)

    assert aws_errors.translate(ours) is ours
