"""The variables of the AWS identity: certificate, key, and what IAM Roles Anywhere calls them."""

import base64
import binascii
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pydantic import Field, SecretStr, field_validator, model_validator

from service.group import SourceSettings

VARIABLES = {
    "certificate": "IAM_CLIENT_CERT",
    "private_key": "IAM_CLIENT_KEY",
    "trust_anchor_arn": "IAM_TRUST_ANCHOR_ARN",
    "profile_arn": "IAM_PROFILE_ARN",
    "role_arn": "IAM_ROLE_ARN",
    "region": "AWS_REGION",
    "ca_bundle": "AWS_CA_BUNDLE",
    "endpoint_url": "AWS_ENDPOINT_URL",
    "sessions_url": "AWS_ENDPOINT_URL_ROLESANYWHERE",
}


class Settings(SourceSettings):
    """Who this app is at AWS, and how it proves that."""

    certificate: str = Field(description="base64 of a PEM certificate")
    private_key: SecretStr = Field(description="base64 of a PEM key")
    trust_anchor_arn: str = Field(pattern=r"^arn:aws[\w-]*:rolesanywhere:.+:trust-anchor/.+$")
    profile_arn: str = Field(pattern=r"^arn:aws[\w-]*:rolesanywhere:.+:profile/.+$")
    role_arn: str = Field(pattern=r"^arn:aws[\w-]*:iam::\d{12}:role/.+$")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    ca_bundle: str | None = None
    endpoint_url: str | None = None
    sessions_url: str | None = None

    @field_validator("certificate")
    @classmethod
    def _is_certificate(cls, value: str) -> str:
        x509.load_pem_x509_certificate(_decode(value))
        return value

    @model_validator(mode="after")
    def _key_fits_certificate(self) -> "Settings":
        key = _load_key(self.private_key)
        of_key = key.public_key().public_bytes(*_PUBLIC)
        of_certificate = self.x509.public_key().public_bytes(*_PUBLIC)
        if of_key != of_certificate:
            msg = "IAM_CLIENT_KEY is not the key of IAM_CLIENT_CERT: set the two together"
            raise ValueError(msg)
        return self

    @property
    def endpoint(self) -> str:
        """The role's name."""
        return self.role_arn.rsplit("/", 1)[-1]

    @property
    def sessions_host(self) -> str | None:
        """Where sessions are made, None for AWS's own place; always by https."""
        url = self.sessions_url or self.endpoint_url
        return urlsplit(url).netloc if url else None

    @property
    def x509(self) -> x509.Certificate:
        """The client certificate."""
        return x509.load_pem_x509_certificate(self.certificate_pem)

    @property
    def certificate_pem(self) -> bytes:
        """The client certificate as PEM."""
        return _decode(self.certificate)

    @property
    def private_key_pem(self) -> bytes:
        """Its private key as PEM: a secret."""
        return _decode(self.private_key.get_secret_value())


_PUBLIC = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _load_key(secret: SecretStr) -> Any:  # Any: cryptography's union of all key types
    try:
        return serialization.load_pem_private_key(_decode(secret.get_secret_value()), password=None)
    except (ValueError, TypeError):
        msg = "IAM_CLIENT_KEY is no base64 of an unencrypted PEM private key"
        raise ValueError(msg) from None


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        msg = "no valid base64; make it with `base64 -w0 FILE.pem`"
        raise ValueError(msg) from None
