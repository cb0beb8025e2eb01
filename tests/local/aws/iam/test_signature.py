"""Signature Version 4 against the example of AWS's own documentation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local.aws.iam.signature import check_time, hmac_signature, parse, string_to_sign
from local.aws.wire.errors import AwsError
from local.aws.wire.message import Request

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SIGNATURE = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
REQUEST = Request(
    "GET",
    "/?Action=ListUsers&Version=2010-05-08",
    {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "host": "iam.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        f"SignedHeaders=content-type;host;x-amz-date, Signature={SIGNATURE}",
    },
    b"",
)


def test_the_documentations_example_yields_its_signature() -> None:
    signature = parse(REQUEST)

    text = string_to_sign(REQUEST, signature)

    assert text == (
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
        "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
    )
    assert hmac_signature(SECRET_KEY, signature, text) == SIGNATURE


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_a_time_stamp_within_five_minutes_is_accepted(minutes: int) -> None:
    check_time(REQUEST, parse(REQUEST), TIME + timedelta(minutes=minutes))


def test_a_time_stamp_that_is_too_old_is_refused_with_awss_message() -> None:
    with pytest.raises(AwsError) as caught:
        check_time(REQUEST, parse(REQUEST), TIME + timedelta(minutes=6))

    assert caught.value.code == "InvalidSignatureException"
    assert caught.value.message == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z "
        "(20150830T124200Z - 5 min.)"
    )


def test_a_scope_date_that_differs_from_the_time_stamps_is_refused() -> None:
    header = REQUEST.headers["authorization"].replace("/20150830/", "/20150829/")
    request = replace(REQUEST, headers={**REQUEST.headers, "authorization": header})

    with pytest.raises(AwsError, match="Date in Credential scope"):
        check_time(request, parse(request), TIME)


@pytest.mark.parametrize(
    "header", ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=d"]
)
def test_a_partial_authorization_header_is_incomplete(header: str) -> None:
    with pytest.raises(AwsError) as caught:
        parse(Request("GET", "/", {"authorization": header}, b""))

    assert caught.value.code == "IncompleteSignatureException"
