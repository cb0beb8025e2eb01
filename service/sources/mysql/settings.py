"""Settings of a MySQL or MariaDB."""

from collections.abc import Mapping
from importlib.util import find_spec

from pydantic import Field, SecretStr, field_validator

from schema.errors import Cause, ErrorWord
from service.remedies import tls_remedies
from service.server import ServerSettings, database, of_url
from service.tls import TlsMode
from service.url import Url

DRIVER = "aiomysql"
PARAMETERS = frozenset(
    {"ssl-mode", "ssl_mode"}
)  # names used by MySQL's own tools and its Python drivers
# https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode
MODES = {
    "DISABLED": TlsMode.DISABLE,
    "REQUIRED": TlsMode.REQUIRE,
    "VERIFY_CA": TlsMode.VERIFY_CA,
    "VERIFY_IDENTITY": TlsMode.VERIFY_FULL,
}


class Settings(ServerSettings):
    """Settings of a MySQL or MariaDB."""

    port: int = Field(default=3306, ge=1, le=65535)
    database: str = Field(min_length=1)
    user: str = Field(min_length=1)
    password: SecretStr

    @field_validator("database")
    @classmethod
    def _is_database(cls, value: str) -> str:
        return database(value)

    def remedies(self, names: Mapping[str, str]) -> Mapping[ErrorWord | Cause, str]:
        """Return remedies that name the variables to check."""
        return {
            **tls_remedies(names["ca"], names["tls"], names["host"]),
            Cause.WRONG_HOST: f"Set {names['host']} to a name that the server's certificate is "
            f"for, or {names['tls']} to VERIFY_CA.",
            ErrorWord.AUTH: f"Compare {names['user']} and {names['password']} with the cluster's.",
            ErrorWord.NOT_FOUND: f"Check {names['database']}: the database does not exist.",
            ErrorWord.PERMISSION: "Grant the user CREATE, SELECT, INSERT and UPDATE on the "
            "database.",
        }

    def warnings(self, names: Mapping[str, str]) -> list[str]:
        """List problems to expect with these settings, although they are valid."""
        return super().warnings(names) + self.unverified(names, "REQUIRED")


def parse(url: Url) -> dict[str, object]:
    """Return the settings in a MySQL URL; without `ssl-mode`, TLS is verified fully.

    https://dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html

    Raises:
        ValueError: The driver is not installed, or `ssl-mode` has an unsupported value.
    """
    if find_spec(DRIVER) is None:
        msg = f"{url.scheme}:// needs the driver {DRIVER}: install heartbeat[mysql]"
        raise ValueError(msg)
    mode = url.parameters.get("ssl-mode") or url.parameters.get("ssl_mode")
    if mode and mode.upper() not in MODES:
        msg = f"ssl-mode takes {', '.join(MODES)}"
        raise ValueError(msg)
    tls = MODES[mode.upper()] if mode else None
    return of_url(url) | {"database": url.path or None, "tls": tls}
