"""Requests to AWS's services with valid and invalid signatures."""

import json
from dataclasses import replace

import boto3
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.local.aws.clients import Clients
from tests.local.aws.rolesanywhere.test_x509_signature import (
    A_CHANGED_CHARACTER,
    MANY,
    with_changed_header,
)

SECRET = {"SecretId": "heartbeat/local"}


def session_credentials(clients: Clients) -> Credentials:
    answer = clients.send(clients.session_request())
    issued = answer.document["credentialSet"][0]["credentials"]
    return Credentials(issued["accessKeyId"], issued["secretAccessKey"], issued["sessionToken"])


def test_an_unsigned_request_is_refused(clients: Clients) -> None:
    wire = clients.signed_request("DescribeSecret", SECRET)
    unsigned = {name: value for name, value in wire.headers.items() if name != "Authorization"}

    answer = clients.send(replace(wire, headers=unsigned))

    assert answer.status == 400
    assert answer.document["__type"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("key_id", ["AKIASOMEBODYELSES000", "ASIASOMEBODYELSES000"])
def test_an_unknown_key_is_refused(clients: Clients, key_id: str) -> None:
    wire = clients.signed_request("DescribeSecret", SECRET, Credentials(key_id, "secret"))

    answer = clients.send(wire)

    assert (answer.status, answer.document["__type"]) == (400, "UnrecognizedClientException")


def test_an_unknown_key_has_another_error_name_in_the_query_protocol(clients: Clients) -> None:
    session = boto3.Session("AKIASOMEBODYELSES000", "secret", None, "us-west-2")

    with pytest.raises(ClientError) as caught:
        clients.client("sts", session).get_caller_identity()

    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_signature_for_another_region_is_refused(clients: Clients) -> None:
    answer = clients.send(clients.signed_request("DescribeSecret", SECRET, region="eu-west-1"))

    assert (answer.status, answer.document["__type"]) == (400, "InvalidSignatureException")
    assert answer.document["message"] == "Credential should be scoped to a valid region."


def test_a_token_of_another_session_is_refused(clients: Clients) -> None:
    first, second = session_credentials(clients), session_credentials(clients)
    mixed = Credentials(first.access_key, first.secret_key, second.token)

    answer = clients.send(clients.signed_request("DescribeSecret", SECRET, mixed))

    assert answer.document["__type"] == "UnrecognizedClientException"


def test_a_wrong_secret_key_is_refused(clients: Clients) -> None:
    good = session_credentials(clients)
    wrong = Credentials(good.access_key, "x" * 40, good.token)

    answer = clients.send(clients.signed_request("DescribeSecret", SECRET, wrong))

    assert (answer.status, answer.document["__type"]) == (400, "InvalidSignatureException")
    assert answer.document["message"].startswith("The request signature we calculated does not")


def test_credentials_expire(clients: Clients) -> None:
    credentials = session_credentials(clients)
    wire = clients.signed_request("DescribeSecret", SECRET, credentials)

    before = clients.send(wire)
    clients.aws.control.advance(3601)
    after = clients.send(wire)

    assert before.status == 200
    assert (after.status, after.document["__type"]) == (400, "ExpiredTokenException")
    assert after.document["message"] == "The security token included in the request is expired"


def test_credentials_can_be_made_short_lived(clients: Clients) -> None:
    clients.aws.control.session_lifetime(2)
    wire = clients.signed_request("DescribeSecret", SECRET, session_credentials(clients))

    clients.aws.control.advance(1)
    before = clients.send(wire)
    clients.aws.control.advance(2)

    assert before.status == 200
    assert clients.send(wire).document["__type"] == "ExpiredTokenException"


@pytest.mark.parametrize("skew_s", [301, -301])
def test_a_clock_more_than_five_minutes_off_is_refused(clients: Clients, skew_s: int) -> None:
    clients.aws.control.skew(skew_s)

    answer = clients.send(clients.signed_request("DescribeSecret", SECRET))

    assert (answer.status, answer.document["__type"]) == (400, "InvalidSignatureException")


@MANY
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_each_changed_byte_of_the_body_is_refused(clients: Clients, at: int, byte: int) -> None:
    wire = clients.signed_request("DescribeSecret", SECRET)
    body = bytearray(wire.body)
    at %= len(body)
    body[at] = byte if body[at] != byte else byte ^ 1

    answer = clients.send(replace(wire, body=bytes(body)))

    assert (answer.status, answer.document["__type"]) == (400, "InvalidSignatureException")


@MANY
@given(
    name=st.sampled_from(["Authorization", "X-Amz-Date", "X-Amz-Target", "Content-Type", "Host"]),
    change=A_CHANGED_CHARACTER,
)
def test_each_changed_character_of_a_signed_header_is_refused(
    clients: Clients, name: str, change: tuple[int, str]
) -> None:
    wire = with_changed_header(clients.signed_request("DescribeSecret", SECRET), name, change)

    answer = clients.send(wire)

    assert answer.status in (400, 403)
    assert "ARN" not in answer.document


def test_a_changed_session_token_is_refused(clients: Clients) -> None:
    credentials = session_credentials(clients)
    wire = clients.signed_request("DescribeSecret", SECRET, credentials)

    answer = clients.send(with_changed_header(wire, "X-Amz-Security-Token", (60, "A")))

    assert answer.document["__type"] == "UnrecognizedClientException"


def test_no_answer_repeats_a_secret_or_a_token(clients: Clients) -> None:
    credentials = session_credentials(clients)
    wrong = Credentials(credentials.access_key, credentials.secret_key + "x", credentials.token)

    answer = clients.send(clients.signed_request("GetSecretValue", SECRET, wrong))

    text = json.dumps(answer.document)
    assert credentials.secret_key not in text
    assert str(credentials.token) not in text
