"""PostgreSQL: one row per author in `last_update`, written only forward in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, SecretStr, field_validator

from schema.errors import ErrorWord
from service.remedies import tls_remedy
from service.source import Observation, Shared, SourceSettings
from service.tls import TlsMode, ca_certificates

if TYPE_CHECKING:
    from service.sources.postgres.store import Postgres


class Settings(SourceSettings):
    """The variables of PostgreSQL."""

    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"

    host: str = Field(alias="PGHOST", min_length=1)
    port: int = Field(default=5432, alias="PGPORT", ge=1, le=65535)
    database: str = Field(alias="PGDATABASE", min_length=1)
    user: str = Field(alias="PGUSER", min_length=1)
    password: SecretStr = Field(alias="PGPASSWORD")
    tls: TlsMode = Field(default=TlsMode.VERIFY_FULL, alias="PGSSLMODE")
    ca: str | None = Field(default=None, alias="PG_CA_CERT")

    @field_validator("ca")
    @classmethod
    def _is_ca(cls, value: str) -> str:
        return ca_certificates(value)

    @property
    def endpoint(self) -> str:
        """The host."""
        return self.host

    @property
    def remedies(self) -> Mapping[ErrorWord, str]:
        """What to do, with the variables that hold it."""
        return {
            ErrorWord.TLS: tls_remedy("PG_CA_CERT", "PGSSLMODE"),
            ErrorWord.AUTH: "Compare PGUSER and PGPASSWORD with the cluster's.",
            ErrorWord.NOT_FOUND: "Check PGDATABASE, and run the migrate job if the table is "
            "missing.",
        }

    def warnings(self) -> list[str]:
        """What will go wrong with these settings, though they are valid."""
        if self.tls is TlsMode.REQUIRE and self.ca is None:
            return ["PGSSLMODE=require without PG_CA_CERT encrypts, but verifies nobody"]
        return []

    def connect(self, shared: Shared) -> "Postgres":
        """PostgreSQL on a pool that opens its connections when they are first needed."""
        from service.sources.postgres.engine import engine  # noqa: PLC0415  half a second of CPU
        from service.sources.postgres.store import Postgres  # noqa: PLC0415  as above

        return Postgres(engine(self), shared.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresObservation(Observation):
    """What PostgreSQL's own endpoint says beside the stamp."""

    readable: bool = False
    writable: bool = False
    schema_revision: str | None = None
