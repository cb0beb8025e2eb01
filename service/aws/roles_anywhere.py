"""The variables of the AWS identity: certificate, key, and ARNs of IAM Roles Anywhere."""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationInfo, field_validator, model_validator

from service.aws import arns, key_pair
from service.aws.certificate import ClientCertificate, certificates
from service.aws.private_key import private_key
from service.group import SourceSettings
from service.tls import ca_certificates

VARIABLES = {
    "certificate": "IAM_CLIENT_CERT",
    "private_key": "IAM_CLIENT_KEY",
    "certificate_file": "IAM_CLIENT_CERT_FILE",
    "private_key_file": "IAM_CLIENT_KEY_FILE",
    "trust_anchor_arn": "IAM_TRUST_ANCHOR_ARN",
    "profile_arn": "IAM_PROFILE_ARN",
    "role_arn": "IAM_ROLE_ARN",
    "region": "AWS_REGION",
    "ca_bundle": "AWS_CA_BUNDLE",
    "endpoint_url": "AWS_ENDPOINT_URL",
    "sessions_url": "AWS_ENDPOINT_URL_ROLESANYWHERE",
    "secrets_url": "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "sts_url": "AWS_ENDPOINT_URL_STS",
}
AMBIENT = frozenset(
    {"region", "ca_bundle", "endpoint_url", "sessions_url", "secrets_url", "sts_url"}
)
ARNS = {
    "trust_anchor_arn": r"arn:aws[\w-]*:rolesanywhere:[a-z0-9-]+:\d{12}:trust-anchor/[\w-]+",
    "profile_arn": r"arn:aws[\w-]*:rolesanywhere:[a-z0-9-]+:\d{12}:profile/[\w-]+",
    "role_arn": r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+",
}
EXAMPLES = {
    "trust_anchor_arn": "arn:aws:rolesanywhere:us-west-2:123456789012:trust-anchor/ID",
    "profile_arn": "arn:aws:rolesanywhere:us-west-2:123456789012:profile/ID",
    "role_arn": "arn:aws:iam::123456789012:role/NAME",
}


class Settings(SourceSettings):
    """The app's identity at AWS."""

    certificate: str | None = None
    private_key: SecretStr | None = None
    certificate_file: str | None = None
    private_key_file: str | None = None
    trust_anchor_arn: str
    profile_arn: str
    role_arn: str
    region: str
    ca_bundle: str | None = None
    endpoint_url: str | None = None
    sessions_url: str | None = None
    secrets_url: str | None = None
    sts_url: str | None = None

    @field_validator("certificate")
    @classmethod
    def _is_certificate(cls, value: str) -> str:
        certificates(value)
        return value

    @field_validator("private_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        private_key(value.get_secret_value())
        return value

    @field_validator("certificate_file")
    @classmethod
    def _is_certificate_file(cls, value: str) -> str:
        certificates(key_pair.content(value))
        return value

    @field_validator("private_key_file")
    @classmethod
    def _is_key_file(cls, value: str) -> str:
        private_key(key_pair.content(value))
        return value

    @field_validator("trust_anchor_arn", "profile_arn", "role_arn")
    @classmethod
    def _is_arn(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name)
        if not re.fullmatch(ARNS[name], value):
            msg = f"it is not of the form {EXAMPLES[name]}"
            raise ValueError(msg)
        return value

    @field_validator("region")
    @classmethod
    def _is_region(cls, value: str) -> str:
        return arns.region(value)

    @field_validator("ca_bundle")
    @classmethod
    def _is_bundle(cls, value: str) -> str:
        if "-----BEGIN" in value:
            msg = "it is the text of a certificate: give the path of a file that holds it"
            raise ValueError(msg)
        ca_certificates(key_pair.content(value))
        return value

    @field_validator("endpoint_url", "sessions_url", "secrets_url", "sts_url")
    @classmethod
    def _is_url(cls, value: str, info: ValidationInfo) -> str:
        return _url(value, must_be_secure=info.field_name == "sessions_url")

    @classmethod
    def contradictions(cls, values: Mapping[str, object], names: Mapping[str, str]) -> list[str]:
        """List missing and contradictory values; one sentence each."""
        return key_pair.not_one(values, names, AMBIENT) or key_pair.misfit(values, names)

    @property
    def endpoint(self) -> str:
        """The role's name."""
        return self.role_arn.rsplit("/", 1)[-1]

    @property
    def sessions_host(self) -> str | None:
        """The host for CreateSession, None for AWS's own; always reached by https."""
        url = self.sessions_url or self.endpoint_url
        return urlsplit(url).netloc if url else None

    @model_validator(mode="after")
    def _read_now(self) -> "Settings":
        with suppress(ValueError):  # reported by `contradictions`
            self.client  # noqa: B018 - it is kept
        return self

    @cached_property
    def client(self) -> ClientCertificate:
        """The client certificate at start."""
        return self.load()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of certificate and key, which may be replaced at run time."""
        return tuple(Path(each) for each in (self.certificate_file, self.private_key_file) if each)

    def load(self) -> ClientCertificate:
        """Load the client certificate as it is now, where it comes from files.

        Raises:
            ValueError: It is invalid; the message gives the reason, and nothing of a key.
        """
        given = self.model_dump(exclude_none=True)
        if self.private_key is not None:
            given["private_key"] = self.private_key.get_secret_value()
        return key_pair.identity(given)


def _url(value: str, *, must_be_secure: bool) -> str:
    split = urlsplit(value)
    try:
        split.port  # noqa: B018 - it raises
    except ValueError:
        msg = "its port must be a number from 0 to 65535"
        raise ValueError(msg) from None
    if split.scheme not in {"http", "https"} or not split.hostname:
        msg = "it is not a URL: begin it with https://, as in https://127.0.0.1:4566"
        raise ValueError(msg)
    if split.username or split.password:
        msg = "it contains a user or a password, which AWS's clients do not send: remove them"
        raise ValueError(msg)
    if must_be_secure and split.scheme != "https":
        msg = "sessions are requested only over https: begin it with https://"
        raise ValueError(msg)
    return value
