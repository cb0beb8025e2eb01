"""Requests signed with a certificate's key: AWS's own example, and every change refused."""

import base64
import hashlib
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.aws.certificates import CertifiedKey, issue_client, make_ca
from local.aws.rolesanywhere.x509_signature import verify
from local.aws.wire.errors import AwsError
from local.aws.wire.message import Request
from tests.examples import examples
from tests.local.aws.clients import Clients, Wire

# The example of https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
EXAMPLE_TIME = datetime(2021, 11, 3, 12, tzinfo=UTC)
EXAMPLE_HOST = "rolesanywhere.us-east-1.amazonaws.com"
EXAMPLE_BODY = b'{"durationSeconds": 900, "profileArn": "p", "roleArn": "r", "trustAnchorArn": "t"}'

A_CHANGED_CHARACTER = st.tuples(
    st.integers(0, 10_000), st.sampled_from(string.ascii_letters + string.digits + "+/=-;")
)
MANY = settings(
    max_examples=examples(100),
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def example(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> tuple[CertifiedKey, Request]:
    """Return the documentation's example request, canonicalised and signed by hand."""
    ca = make_ca("ca", EXAMPLE_TIME)
    identity = issue_client(ca, "client", EXAMPLE_TIME, key=key)
    der = identity.certificate.public_bytes(serialization.Encoding.DER)
    encoded = base64.b64encode(der).decode()
    kind = "RSA" if isinstance(key, rsa.RSAPrivateKey) else "ECDSA"
    scope = "20211103/us-east-1/rolesanywhere/aws4_request"
    signed = "content-type;host;x-amz-date;x-amz-x509"
    canonical = (
        "POST\n/sessions\n\n"
        f"content-type:application/json\nhost:{EXAMPLE_HOST}\n"
        f"x-amz-date:20211103T120000Z\nx-amz-x509:{encoded}\n\n"
        f"{signed}\n{hashlib.sha256(EXAMPLE_BODY).hexdigest()}"
    )
    text = (
        f"AWS4-X509-{kind}-SHA256\n20211103T120000Z\n{scope}\n"
        f"{hashlib.sha256(canonical.encode()).hexdigest()}"
    ).encode()
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = key.sign(text, ec.ECDSA(hashes.SHA256()))
    serial = identity.certificate.serial_number
    headers = {
        "content-type": "application/json",
        "host": EXAMPLE_HOST,
        "x-amz-date": "20211103T120000Z",
        "x-amz-x509": encoded,
        "authorization": f"AWS4-X509-{kind}-SHA256 Credential={serial}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature.hex()}",
    }
    return identity, Request("POST", "/sessions", headers, EXAMPLE_BODY)


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_the_documentations_example_is_accepted(kind: str) -> None:
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    identity, request = example(key)

    signing = verify(request, "us-east-1", EXAMPLE_TIME + timedelta(minutes=4))

    assert signing.certificate == identity.certificate
    assert signing.chain == []


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-x509"])
def test_an_unsigned_required_header_is_refused(name: str) -> None:
    _, request = example(ec.generate_private_key(ec.SECP256R1()))
    authorization = request.headers["authorization"]
    fewer = authorization.replace(f"{name};", "").replace(f";{name}", "")
    unsigned = replace(request, headers={**request.headers, "authorization": fewer})

    with pytest.raises(AwsError, match=f"'{name}' must be a 'SignedHeader'") as caught:
        verify(unsigned, "us-east-1", EXAMPLE_TIME)

    assert caught.value.code == "AccessDeniedException"


def test_another_regions_signature_is_refused() -> None:
    _, request = example(ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(AwsError, match="Invalid signature"):
        verify(request, "us-west-2", EXAMPLE_TIME)


@pytest.mark.parametrize("name", ["Authorization", "X-Amz-X509", "X-Amz-Date"])
def test_a_request_without_its_identification_is_refused(clients: Clients, name: str) -> None:
    wire = clients.session_request()
    kept = {key: value for key, value in wire.headers.items() if key != name}

    answer = clients.send(replace(wire, headers=kept))

    assert (answer.status, answer.document["__type"]) == (403, "AccessDeniedException")


@MANY
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_each_changed_byte_of_the_body_is_refused(clients: Clients, at: int, byte: int) -> None:
    wire = clients.session_request()
    body = bytearray(wire.body)
    at %= len(body)
    body[at] = byte if body[at] != byte else byte ^ 1

    answer = clients.send(replace(wire, body=bytes(body)))

    assert (answer.status, answer.document["message"]) == (403, "Invalid signature")


@MANY
@given(
    name=st.sampled_from(["Authorization", "X-Amz-X509", "X-Amz-Date", "Content-Type", "Host"]),
    change=A_CHANGED_CHARACTER,
)
def test_each_changed_character_of_a_signed_header_is_refused(
    clients: Clients, name: str, change: tuple[int, str]
) -> None:
    wire = clients.session_request()

    answer = clients.send(with_changed_header(wire, name, change))

    assert answer.status == 403
    assert "credentialSet" not in answer.document


def test_an_unsigned_query_is_refused(clients: Clients) -> None:
    wire = replace(clients.session_request(), target="/sessions?durationSeconds=900")

    answer = clients.send(wire)

    assert (answer.status, answer.document["message"]) == (403, "Invalid signature")


def with_changed_header(wire: Wire, name: str, change: tuple[int, str]) -> Wire:
    at, character = change
    value = wire.headers[name]
    at %= len(value)
    if value[at] == character:
        character = "0" if character != "0" else "1"
    return wire.changed(**{name: value[:at] + character + value[at + 1 :]})
