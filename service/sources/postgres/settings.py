"""Settings of a PostgreSQL, and the details for its own endpoint."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field, SecretStr, field_validator

from schema.errors import Cause, ErrorWord
from service import host as hosts
from service.observation import Details
from service.remedies import tls_remedies
from service.server import ServerSettings, database, of_url
from service.url import Url

REPLICA = re.compile(r"(\[(?P<address>[^\]]+)\]|(?P<host>[^:]+))(:(?P<port>\d+))?")
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "database": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "tls": "PGSSLMODE",
    "ca": "PG_CA_CERT",
    "replica_host": "PGREADHOST",
    "replica_port": "PGREADPORT",
}


class Settings(ServerSettings):
    """The settings of one PostgreSQL."""

    port: int = Field(default=5432, ge=1, le=65535)
    database: str = Field(min_length=1)
    user: str = Field(min_length=1)
    password: SecretStr  # required: without one, asyncpg would use PGPASSWORD or ~/.pgpass
    replica_host: str | None = Field(default=None, min_length=1)
    replica_port: int | None = Field(default=None, ge=1, le=65535)

    @property
    def replica(self) -> str | None:
        """The standby or read-only node whose stamp is compared with the primary's."""
        return self.replica_host

    @classmethod
    def contradictions(cls, values: Mapping[str, object], names: Mapping[str, str]) -> list[str]:
        """List a port without a host, and a replica that is the primary itself."""
        host, port = values.get("replica_host"), values.get("replica_port")
        if port is not None and host is None:
            return [f"{names['replica_port']} is set without {names['replica_host']}: set both"]
        here = values.get("port", cls.model_fields["port"].default)
        if host is not None and host == values.get("host") and str(port or here) == str(here):
            return [f"{names['replica_host']} is the primary itself: give the replica's address"]
        return []

    @field_validator("replica_host")
    @classmethod
    def _is_replicas_host(cls, value: str) -> str:
        return hosts.host(value)

    @field_validator("database")
    @classmethod
    def _is_database(cls, value: str) -> str:
        return database(value)

    @field_validator("user")
    @classmethod
    def _is_no_url(cls, value: str) -> str:
        if "://" in value:
            msg = "it is a URL: give only the name, or the URL as DATABASE_URL"
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
        return super().warnings(names) + self.unverified(names, "require")


def parse(url: Url) -> dict[str, object]:
    """Return the settings in a URL of libpq's form; without `sslmode`, TLS is verified fully.

    https://www.postgresql.org/docs/17/libpq-connect.html#LIBPQ-CONNSTRING-URIS
    """
    host, port = _replica(url.parameters.get("replica", ""))
    return of_url(url) | {
        "database": url.path or None,
        "tls": url.parameters.get("sslmode"),
        "replica_host": host,
        "replica_port": port,
    }


def _replica(text: str) -> tuple[str | None, str | None]:
    """Split `host:port`, `host` or `[address]:port`; the fields' own checks do the rest."""
    found = REPLICA.fullmatch(text)
    return (found["address"] or found["host"], found["port"]) if found else (text or None, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresDetails(Details):
    """PostgreSQL's details beside the stamp, for its own endpoint."""

    readable: bool = False
    writable: bool = False
