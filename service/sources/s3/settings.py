"""Settings of a bucket: its name, endpoint and keys."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from schema.errors import Cause, ErrorWord
from service.aws import arns
from service.group import SourceSettings
from service.remedies import AWS_REMEDIES
from service.url import Url

PREFIX = "heartbeat"
PREFIX_MAX = 900  # bytes; a key has 1,024 at most
PARAMETERS = frozenset({"endpoint", "region"})
PARTS = {
    "endpoint_url": "endpoint",
    "key_id": "user",
    "secret": "password",
    "prefix": "path",
    "bucket": "host",
}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".digitaloceanspaces.com")
TLS_CAUSES = (Cause.NO_TLS, Cause.UNTRUSTED, Cause.WRONG_HOST)
SPACES = re.compile(
    r"(?:(?P<before>.+)\.)?(?P<region>[a-z]{3}\d)(?P<cdn>\.cdn)?\.digitaloceanspaces\.com"
)
DEFAULT_REGION = "us-east-1"  # accepted by S3-compatible servers without regions


class Settings(SourceSettings):
    """A bucket; without keys, the process's AWS identity is used."""

    bucket: str = Field(pattern=BUCKET, description="a bucket's name: s3://BUCKET/PREFIX")
    prefix: str = PREFIX
    endpoint_url: str | None = None
    region: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]{2,40}$", description="a region's name, such as us-west-2"
    )
    key_id: str | None = None
    secret: SecretStr | None = None
    ca: str | None = None

    @field_validator("bucket")
    @classmethod
    def _is_no_host(cls, value: str) -> str:
        if value.endswith(HOSTS):
            msg = "it is a server's name: write s3://BUCKET/PREFIX, and ?endpoint= if it is not AWS"
            raise ValueError(msg)
        return value

    @field_validator("region")
    @classmethod
    def _is_no_zone(cls, value: str) -> str:
        if arns.ZONE.fullmatch(value):
            arns.region(value)
        return value

    @field_validator("prefix")
    @classmethod
    def _is_prefix(cls, value: str) -> str:
        if len(value.encode()) > PREFIX_MAX or not value.isprintable():
            msg = f"a prefix is printable and has {PREFIX_MAX} bytes at most"
            raise ValueError(msg)
        return value.strip("/") or PREFIX

    @field_validator("endpoint_url")
    @classmethod
    def _is_endpoint(cls, value: str) -> str:
        return _endpoint(value)

    @field_validator("ca")
    @classmethod
    def _is_elsewhere(cls, value: str) -> str:  # noqa: ARG003 - refused, whatever it is
        msg = "S3's client reads CAs from a file: set AWS_CA_BUNDLE to one"
        raise ValueError(msg)

    @classmethod
    def contradictions(cls, values: Mapping[str, object], names: Mapping[str, str]) -> list[str]:
        """List missing and contradicting values."""
        keys = [name for name in ("key_id", "secret") if name in values]
        if len(keys) == 1:
            (present,) = keys
            other = "secret" if present == "key_id" else "key_id"
            problem = f"{names[present]} is given without {names[other]}"
            return [f"{problem}: write s3://KEY:SECRET@BUCKET, or no keys for the AWS identity"]
        spaces = SPACES.fullmatch(_host(str(values.get("endpoint_url", ""))))
        if spaces and not keys:
            problem = f"{names['endpoint_url']} is DigitalOcean's, which accepts no AWS identity"
            return [f"{problem}: write s3://KEY:SECRET@BUCKET with a Spaces key"]
        if keys and "endpoint_url" not in values and "region" not in values:
            return [f"{names['region']} is missing: add ?region= for AWS, or ?endpoint= elsewhere"]
        return []

    @property
    def endpoint(self) -> str:
        """The bucket, after its server if that is not AWS."""
        return f"{_host(self.endpoint_url)}/{self.bucket}" if self.endpoint_url else self.bucket

    @property
    def is_dependent(self) -> bool:
        """Whether it needs the AWS identity, because there are no keys."""
        return self.key_id is None

    @property
    def signing_region(self) -> str | None:
        """The region of signatures; None for the AWS identity's."""
        if self.region or self.endpoint_url is None or self.is_dependent:
            return self.region
        spaces = SPACES.fullmatch(_host(self.endpoint_url))
        return spaces["region"] if spaces else DEFAULT_REGION

    def remedies(self, names: Mapping[str, str]) -> Mapping[ErrorWord | Cause, str]:
        """Return remedies that name what to check."""
        bucket, variable = names["bucket"], names["key_id"]
        rights = (
            "Grant it `s3:PutObject` and `s3:GetObject` on this prefix and `s3:ListBucket` on the "
            "bucket: without the last, S3 refuses an object that is missing as one that is "
            f"forbidden. Check in {bucket} too that the bucket is yours."
        )
        found: dict[ErrorWord | Cause, str] = {
            ErrorWord.PERMISSION: rights,
            ErrorWord.NOT_FOUND: f"Check {bucket}, its endpoint and its region: there is no such "
            "bucket.",
            ErrorWord.INVALID_DATA: "Choose another prefix in the URL, or delete the object: "
            "Heartbeat did not write the object there, and does not change it.",
            ErrorWord.UNSUPPORTED: f"Check {names['endpoint_url']}: that server does not speak S3, "
            "or lacks a part of it.",
            ErrorWord.TLS: f"Check {names['endpoint_url']}, and AWS_CA_BUNDLE if it is set.",
            Cause.OTHER_REGION: f"Set {names['region']} to the bucket's own: it is in another "
            "region.",
            Cause.KEY_DENIED: "Grant it `kms:Decrypt` and `kms:GenerateDataKey` on the bucket's "
            "KMS key.",
            Cause.KEY_UNUSABLE: "Enable the bucket's KMS key, or cancel its deletion.",
        }
        found |= _tls_remedies(names["endpoint_url"] if self.endpoint_url else None)
        if self.is_dependent:
            return AWS_REMEDIES | found
        return found | {
            ErrorWord.AUTH: f"Compare {variable} and {names['secret']} with the key's, and "
            "percent-encode what is special in them."
        }

    def warnings(self, names: Mapping[str, str]) -> list[str]:
        """List problems to expect with these settings, although they are valid."""
        if self.endpoint_url and self.endpoint_url.startswith("http:"):
            return [f"{names['endpoint_url']} is http://: nothing is verified or encrypted"]
        return []


def _tls_remedies(endpoint: str | None) -> dict[ErrorWord | Cause, str]:
    if endpoint is None:  # AWS's own servers
        return {each: AWS_REMEDIES[each] for each in TLS_CAUSES}
    return {
        Cause.NO_TLS: f"Turn on TLS at the server, or change {endpoint} to http://: it answers in "
        "plain text.",
        Cause.UNTRUSTED: "Set AWS_CA_BUNDLE to a file with the CA that signed the server's "
        f"certificate, or change {endpoint}: this app does not trust it.",
        Cause.WRONG_HOST: f"Change {endpoint} to a name that the server's certificate is for.",
    }


def parse(url: Url) -> dict[str, object]:
    """Return the settings in `s3://[KEY:SECRET@]BUCKET[/PREFIX][?endpoint=…&region=…]`.

    Raises:
        ValueError: There is a port.
    """
    if url.port is not None:
        msg = "s3:// names a bucket, which has no port: write ?endpoint=https://HOST:PORT"
        raise ValueError(msg)
    return {
        "bucket": url.host,
        "prefix": url.path or None,
        "endpoint_url": url.parameters.get("endpoint") or None,
        "region": url.parameters.get("region") or None,
        "key_id": url.user,
        "secret": url.password,
    }


def _endpoint(value: str) -> str:
    """Return an endpoint with its scheme; a bare host is accepted, as by other tools.

    Raises:
        ValueError: It is not a server's address.
    """
    whole = value if "://" in value else f"https://{value}"
    split = urlsplit(whole)
    if split.scheme not in {"http", "https"} or not split.hostname or split.path.strip("/"):
        msg = "it is not the address of a server, such as https://fra1.digitaloceanspaces.com"
        raise ValueError(msg)
    spaces = SPACES.fullmatch(split.hostname)
    if spaces and spaces["cdn"]:
        msg = "it is the CDN's address, which accepts no writes: leave `.cdn` and the bucket out"
        raise ValueError(msg)
    if spaces and spaces["before"]:
        msg = f"it names a bucket: write https://{spaces['region']}.digitaloceanspaces.com"
        raise ValueError(msg)
    return whole.rstrip("/")


def _host(endpoint: str | None) -> str:
    text = endpoint or ""
    return urlsplit(text if "://" in text else f"https://{text}").hostname or ""
