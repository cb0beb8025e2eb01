"""Settings of servers with a host, a user and TLS."""

from collections.abc import Mapping

from pydantic import Field, SecretStr, field_validator

from schema.timestamps import utc_now
from service import host as hosts
from service.group import SourceSettings
from service.tls import TlsMode, ca_certificates, out_of_date
from service.url import Url


class ServerSettings(SourceSettings):
    """The address and login of one server; each kind of store adds its default port and fields."""

    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    user: str | None = None
    password: SecretStr | None = None
    tls: TlsMode = TlsMode.VERIFY_FULL
    ca: str | None = None

    @field_validator("host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        return hosts.host(value)

    @field_validator("ca")
    @classmethod
    def _is_ca(cls, value: str) -> str:
        return ca_certificates(value)

    @property
    def endpoint(self) -> str:
        """The host."""
        return self.host

    def warnings(self, names: Mapping[str, str]) -> list[str]:
        """Warn of an expired CA: verification would fail although the server is right."""
        if self.ca is None or self.tls is TlsMode.DISABLE:
            return []
        fault = out_of_date(self.ca, utc_now())
        if fault is None:
            return []
        return [f"{names['ca']}: {fault}: ask the server's owner for the current one"]

    def unverified(self, names: Mapping[str, str], word: str) -> list[str]:
        """Warn that TLS verifies nothing; `word` is how this kind of store names the mode."""
        if self.tls is not TlsMode.REQUIRE or self.ca is not None:
            return []
        return [
            f"{names['tls']}={word} without {names['ca']} encrypts, but does not verify the server"
        ]


def database(value: str) -> str:
    """Check a database's name.

    Raises:
        ValueError: It contains other parts of a URL.
    """
    if "://" in value:
        msg = "it is a URL: give only the name, or the URL as DATABASE_URL"
        raise ValueError(msg)
    if value.startswith("/") or value.endswith("/") or "?" in value:
        msg = "it contains a slash or a question mark of a URL: give only the name"
        raise ValueError(msg)
    return value


def of_url(url: Url) -> dict[str, object]:
    """Return the fields that every such URL has."""
    return {"host": url.host, "port": url.port, "user": url.user, "password": url.password}
