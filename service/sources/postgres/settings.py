"""Settings of a PostgreSQL, and the details for its own endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field, SecretStr, field_validator

from schema.errors import Cause, ErrorWord
from service.remedies import tls_remedies
from service.server import ServerSettings, database, of_url
from service.source import Details
from service.tls import TlsMode
from service.url import Url

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "database": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "tls": "PGSSLMODE",
    "ca": "PG_CA_CERT",
}


class Settings(ServerSettings):
    """How to reach one PostgreSQL."""

    port: int = Field(default=5432, ge=1, le=65535)
    database: str = Field(min_length=1)
    user: str = Field(min_length=1)
    password: SecretStr  # required: without one, asyncpg would use PGPASSWORD or ~/.pgpass

    @field_validator("database")
    @classmethod
    def _is_database(cls, value: str) -> str:
        return database(value)

    @field_validator("user")
    @classmethod
    def _is_no_url(cls, value: str) -> str:
        if "://" in value:
            msg = "it is a URL: give the name alone, or the URL as DATABASE_URL"
            raise ValueError(msg)
        return value

    def remedies(self, names: Mapping[str, str]) -> Mapping[ErrorWord | Cause, str]:
        """Return remedies that name the variables to check."""
        return {
            **tls_remedies(names["ca"], names["tls"], names["host"]),
            ErrorWord.AUTH: f"Compare {names['user']} and {names['password']} with the cluster's.",
            ErrorWord.NOT_FOUND: f"Check {names['database']}, and run the migrate job if the table "
            "is missing.",
        }

    def warnings(self, names: Mapping[str, str]) -> list[str]:
        """List problems to expect with these settings, although they are valid."""
        found = super().warnings(names)
        if self.tls is TlsMode.REQUIRE and self.ca is None:
            found.append(
                f"{names['tls']}=require without {names['ca']} encrypts, but verifies nobody"
            )
        return found


def parse(url: Url) -> dict[str, object]:
    """Return the settings in a URL of libpq's form; without `sslmode`, TLS is verified fully.

    https://www.postgresql.org/docs/17/libpq-connect.html#LIBPQ-CONNSTRING-URIS
    """
    return of_url(url) | {"database": url.path or None, "tls": url.parameters.get("sslmode")}


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresDetails(Details):
    """What PostgreSQL's own endpoint reports beside the stamp."""

    readable: bool = False
    writable: bool = False
