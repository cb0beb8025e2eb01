"""PEM texts as people paste them are accepted; other texts get an error message."""

import base64

import pytest

from service import pem
from service.tls import ca_certificates
from tests.service.aws.pki import issue, key_pem

CA = issue("a CA", ca=True)
OTHER = issue("another CA", ca=True)
TEXT = CA.pem.decode()


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "\ufeff" + TEXT,
        "# Der Schlüssel von 東京 🗝\n" + TEXT + "\nتعليق\n",
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\\n"),
        TEXT.replace("\n", "\\r\\n"),
        TEXT.replace("\n", "\\\\n"),
        TEXT.replace("\n", " "),
        TEXT.replace("\n", "\n    "),
        "Bag Attributes\n    localKeyID: 01\nsubject=CN = a CA\n" + TEXT,
        base64.b64encode(CA.pem).decode(),
        base64.encodebytes(CA.pem).decode(),
        base64.b64encode(b"\xef\xbb\xbf" + CA.pem).decode(),
        base64.b64encode(TEXT.encode("utf-16")).decode(),
        base64.b64encode(TEXT.replace("\n", "\r\n").encode()).decode(),
    ],
)
def test_only_the_blocks_of_a_text_count(text: str) -> None:
    assert ca_certificates(text) == TEXT


def test_a_bundle_keeps_all_of_its_certificates() -> None:
    both = f"one:\n{TEXT}\nthe other:\n{OTHER.pem.decode()}"

    assert ca_certificates(both).count("BEGIN CERTIFICATE") == 2


def test_a_certificate_that_only_openssl_reads_is_accepted() -> None:
    version_3, version_6 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05"
    der = pem.blocks(TEXT)[0].der.replace(version_3, version_6, 1)
    odd = pem.Block("CERTIFICATE", base64.b64encode(der).decode()).text

    assert ca_certificates(odd) == odd


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/etc/ssl/ca.pem", "a path"),
        ("./ca.pem", "a path"),
        ("~/ca.crt", "a path"),
        ("file:///etc/ca", "a path"),
        (r"C:\certs\ca.cer", "a path"),
        ("ca-certificate.crt", "a path"),
        ("true", "begins with -----BEGIN"),
        ("aGVsbG8=", "begins with -----BEGIN"),
        (TEXT[:200], "cut off"),
        (base64.b64encode(CA.pem[:200]).decode(), "cut off"),
        (base64.b64encode(pem.blocks(TEXT)[0].der).decode(), "binary (DER or PKCS #12)"),
        (TEXT + key_pem(CA.key).decode(), "contains a private key"),
        (TEXT.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), "OpenSSL's own TRUSTED"),
        (TEXT.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "a certificate request"),
        (TEXT.replace("CERTIFICATE", "PKCS7"), "a PKCS #7 bundle"),
        (TEXT.replace("CERTIFICATE", "PUBLIC KEY"), "a public key"),
        (TEXT[:80] + "!" + TEXT[80:], "is damaged"),
        (TEXT[:94] + TEXT[102:], "OpenSSL cannot read"),  # eight characters of one line
    ],
)
def test_an_invalid_certificate_is_described_without_repeating_it(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        ca_certificates(text)

    assert sentence in str(error.value)
    assert text[:60] not in str(error.value)
