"""Settings of a Valkey, and the details for its own endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field, ValidationInfo, field_validator

from schema.errors import Cause, ErrorWord
from service.observation import Details
from service.remedies import tls_remedies
from service.server import ServerSettings, of_url
from service.tls import TlsMode
from service.url import Url

VARIABLES = {
    "host": "VALKEY_HOST",
    "port": "VALKEY_PORT",
    "user": "VALKEY_USER",
    "password": "VALKEY_PASSWORD",
    "tls": "VALKEY_SSLMODE",
    "ca": "VALKEY_CA_CERT",
}
PARAMETERS = frozenset({"db", "ssl_cert_reqs", "ssl_check_hostname"})
PARTS = {"secure": "scheme", "database": "db", "verified": "ssl_cert_reqs", "tls": "scheme"}
SECURE = frozenset({"rediss", "valkeys"})
CERT_REQS = ("required", "optional", "none")  # `optional` verifies a server like `required`
FALSE = frozenset({"0", "F", "FALSE", "N", "NO"})  # as in redis-py; all other values are true


class Settings(ServerSettings):
    """The settings of one Valkey or Redis."""

    port: int = Field(default=6379, ge=1, le=65535)
    database: int = Field(default=0, ge=0)
    secure: bool = False
    """Whether the URL's scheme requires TLS."""
    verified: bool = True
    """Whether the certificate is verified; only a URL can turn it off."""

    @field_validator("tls")
    @classmethod
    def _is_verified(cls, value: TlsMode) -> TlsMode:
        if value is TlsMode.REQUIRE:
            msg = "takes verify-full, verify-ca or disable"
            raise ValueError(msg)
        return value

    @field_validator("secure")
    @classmethod
    def _is_not_disabled(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("tls") is TlsMode.DISABLE:
            msg = "requires TLS, which VALKEY_SSLMODE=disable turns off: unset that"
            raise ValueError(msg)
        return value

    def remedies(self, names: Mapping[str, str]) -> Mapping[ErrorWord | Cause, str]:
        """Return remedies that name the variables to check."""
        return {
            **tls_remedies(names["ca"], names["tls"], names["host"]),
            ErrorWord.AUTH: f"Compare {names['user']} and {names['password']} with the cluster's.",
        }

    def warnings(self, names: Mapping[str, str]) -> list[str]:
        """List problems to expect with these settings, although they are valid."""
        if self.tls is TlsMode.DISABLE:
            return []
        if self.verified:
            return super().warnings(names)
        return [f"{names['verified']}=none encrypts, but does not verify the server"]


def parse(url: Url) -> dict[str, object]:
    """Return the settings in a URL of redis-py's form; by default TLS is verified fully.

    https://redis.readthedocs.io/en/stable/connections.html#redis.Redis.from_url

    Raises:
        ValueError: `ssl_cert_reqs` has a value that redis-py does not know.
    """
    verify = url.parameters.get("ssl_cert_reqs", CERT_REQS[0])
    if verify not in CERT_REQS:
        msg = f"ssl_cert_reqs takes {', '.join(CERT_REQS)}"
        raise ValueError(msg)
    secure = url.scheme in SECURE
    names_differ = url.parameters.get("ssl_check_hostname", "").upper() in FALSE
    named_mode = TlsMode.VERIFY_CA if names_differ else None
    return of_url(url) | {
        "secure": secure,
        "database": url.parameters.get("db") or url.path or None,
        "verified": verify != "none",
        "tls": named_mode if secure else TlsMode.DISABLE,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class ValkeyDetails(Details):
    """Valkey's details beside the stamp, for its own endpoint."""

    ping_ok: bool = False
    set_get_ok: bool = False
