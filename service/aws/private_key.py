"""The private key of the client certificate, parsed from PEM."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from service import pem

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

ENCRYPTED = (
    "it is an encrypted key, and Heartbeat has no passphrase: decrypt it with "
    "`openssl pkey -in FILE`"
)


def private_key(text: str) -> Key:
    """Load the one private key in a PEM text.

    Raises:
        ValueError: There is none, more than one, or one of an unsupported kind.
    """
    found = pem.blocks(text)
    keys = [each for each in found if "PRIVATE KEY" in each.label]
    if len(keys) != 1:
        many = f"{len(keys)} private keys" if keys else f"no private key but a {found[0].label}"
        msg = f"it contains {many}: give the one of the certificate"
        raise ValueError(msg)
    [block] = keys
    if block.label.startswith("ENCRYPTED") or "ENCRYPTED" in block.headers:
        raise ValueError(ENCRYPTED)
    if block.label.startswith("OPENSSH"):
        msg = "it is a key in OpenSSH's form: write it with `ssh-keygen -p -m PEM -f FILE`"
        raise ValueError(msg)
    try:
        key = serialization.load_pem_private_key(block.text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        msg = "the private key cannot be read: its content is damaged"
        raise ValueError(msg) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        name = type(key).__name__.removeprefix("_").removesuffix("PrivateKey")
        msg = f"it is an {name} key, and IAM Roles Anywhere accepts only RSA and EC keys"
        raise ValueError(msg)  # noqa: TRY004 - an invalid setting, not a wrong type
    return key
