"""Find the leaf and its chain in a text, and refuse certificates that AWS would refuse."""

from itertools import permutations
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from service.aws.certificate import certificates, matched
from service.aws.private_key import private_key
from tests.service.aws.pki import NOW, Holder, issue, key_pem

ROOT = issue("root", ca=True)
UPPER = issue("upper", ROOT, ca=True)
LOWER = issue("lower", UPPER, ca=True)
LEAF = issue("client", LOWER)
FOREIGN = issue("somebody else's", ca=True)


def read(*holders: Holder, key: Any = LEAF.key) -> Any:
    text = b"".join(each.pem for each in holders).decode()
    return matched(certificates(text), private_key(key_pem(key).decode()), NOW)


@pytest.mark.parametrize("order", list(permutations([LEAF, LOWER, UPPER, ROOT])))
def test_a_chain_may_come_in_any_order(order: tuple[Holder, ...]) -> None:
    found = read(*order)

    assert found.leaf == LEAF.certificate
    assert found.chain == (LOWER.certificate, UPPER.certificate)


def test_certificates_outside_the_chain_are_not_sent() -> None:
    assert read(FOREIGN, LEAF, LOWER).chain == (LOWER.certificate,)


def test_a_certificate_alone_has_no_chain() -> None:
    assert read(LEAF).chain_pem is None


def test_the_certificate_that_expires_last_is_used_of_two_with_one_key() -> None:
    renewed = issue("client", LOWER, key=LEAF.key, days=(-1, 60))
    old = issue("client", LOWER, key=LEAF.key, days=(-60, -30))

    assert read(old, LEAF, renewed, LOWER).leaf == renewed.certificate


@pytest.mark.parametrize("hash_", [hashes.SHA256, hashes.SHA384, hashes.SHA512])
@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), None])
def test_a_ca_may_sign_with_any_hash_that_aws_accepts(hash_: Any, key: Any) -> None:
    ca = issue("ca", ca=True, key=key, hash_=hash_)

    leaf = issue("client", ca, hash_=hash_)

    assert read(leaf, key=leaf.key).leaf == leaf.certificate


def test_an_rsa_key_is_accepted_in_each_form() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    for form in ("PKCS8", "TraditionalOpenSSL"):
        assert isinstance(private_key(key_pem(key, form=form).decode()), rsa.RSAPrivateKey)


ED25519_CA = issue("ca", ca=True, key=ed25519.Ed25519PrivateKey.generate(), hash_=None)
ED25519_KEY = key_pem(ed25519.Ed25519PrivateKey.generate())
EC_KEY = key_pem(LEAF.key)


@pytest.mark.parametrize(
    ("leaf", "sentence"),
    [
        (issue("c", ROOT, days=(-60, -30)), "has expired at"),
        (issue("c", ROOT, days=(30, 60)), "is not valid before"),
        (issue("c", ROOT, ca=True, usage=True), "is a CA certificate (CA:TRUE)"),
        (issue("c", ROOT, ca=None, usage=True), "lacks CA:FALSE"),
        (issue("c", ROOT, usage=False), "does not allow digitalSignature"),
        (issue("c", ED25519_CA, hash_=None), "is signed with Ed25519"),
        (issue("c", ROOT, hash_=hashes.SHA224), "is signed with sha224"),
    ],
)
def test_a_certificate_that_aws_would_refuse_is_refused_by_name(
    leaf: Holder, sentence: str
) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        read(leaf, key=leaf.key)

    assert sentence in str(error.value)


def test_an_intermediate_that_has_expired_is_named() -> None:
    expired = issue("the middle", ROOT, ca=True, days=(-60, -30))
    leaf = issue("client", expired)

    with pytest.raises(ValueError, match=r"holds an intermediate \(CN=the middle\) that has exp"):
        read(leaf, expired, key=leaf.key)


def test_a_key_that_matches_no_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="is not the certificate of the key"):
        read(LEAF, LOWER, key=FOREIGN.key)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (ED25519_KEY, "an Ed25519 key, and IAM Roles Anywhere accepts only RSA and EC"),
        (key_pem(ed448.Ed448PrivateKey.generate()), "an Ed448 key"),
        (key_pem(dsa.generate_private_key(1024)), "DSA key"),
        (key_pem(LEAF.key, b"secret"), "an encrypted key, and Heartbeat has no passphrase"),
        (key_pem(LEAF.key, b"secret", "TraditionalOpenSSL"), "an encrypted key"),
        (key_pem(LEAF.key, form="OpenSSH"), "OpenSSH's form"),
        (LEAF.pem, "no private key but a CERTIFICATE"),
        (EC_KEY + EC_KEY, "2 private keys"),
        (EC_KEY[:60] + EC_KEY[64:], "content is damaged"),
        (b"/etc/heartbeat/key.pem", "a path"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_by_name(text: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        private_key(text.decode())

    assert sentence in str(error.value)
    assert len(text) < 60 or text.decode()[40:60] not in str(error.value)
