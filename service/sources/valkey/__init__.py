"""Valkey: the stamp under one key, the report beside it, both written only forward in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, SecretStr, field_validator

from schema.errors import ErrorWord
from service.remedies import tls_remedy
from service.source import Observation, Shared, SourceSettings
from service.tls import TlsMode, ca_certificates

if TYPE_CHECKING:
    from service.sources.valkey.store import Valkey


class Settings(SourceSettings):
    """The variables of Valkey."""

    name: ClassVar[str] = "valkey"
    title: ClassVar[str] = "Valkey"

    host: str = Field(alias="VALKEY_HOST", min_length=1)
    port: int = Field(default=6379, alias="VALKEY_PORT", ge=1, le=65535)
    password: SecretStr | None = Field(default=None, alias="VALKEY_PASSWORD")
    tls: TlsMode = Field(default=TlsMode.VERIFY_FULL, alias="VALKEY_SSLMODE")
    ca: str | None = Field(default=None, alias="VALKEY_CA_CERT")

    @field_validator("tls")
    @classmethod
    def _is_verified(cls, value: TlsMode) -> TlsMode:
        if value is TlsMode.REQUIRE:
            msg = "VALKEY_SSLMODE takes verify-full, verify-ca or disable"
            raise ValueError(msg)
        return value

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
            ErrorWord.TLS: tls_remedy("VALKEY_CA_CERT", "VALKEY_SSLMODE"),
            ErrorWord.AUTH: "Compare VALKEY_PASSWORD with the cluster's.",
        }

    def connect(self, shared: Shared) -> "Valkey":
        """Valkey on a pool that opens its connections when they are first needed."""
        from service.sources.valkey.store import Valkey, client  # noqa: PLC0415  0.2 s of CPU

        return Valkey(client(self), shared.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class ValkeyObservation(Observation):
    """What Valkey's own endpoint says beside the stamp."""

    ping_ok: bool = False
    set_get_ok: bool = False
