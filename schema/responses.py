"""The responses about the process and about each store, and every error's response."""

from typing import Literal

from pydantic import Field

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.response import Milliseconds, Response, Seconds
from schema.timestamps import Timestamp


class Health(Response):
    """The process answers."""

    status: Literal["ok", "stuck"] = "ok"
    """`stuck` if readings or the live push have stopped although the process answers."""
    version: str
    commit: str


class Ready(Response):
    """Whether the database has the schema that this version needs."""

    ready: bool
    schema_head: str | None
    """This and the other fields are null if a password is set."""
    schema_revision: str | None
    error: ErrorWord | None


class Reading(Response):
    """The fields that all readings share."""

    last_update: Timestamp | None
    age_seconds: Seconds | None
    freshness: Freshness
    error: ErrorWord | None
    observed_at: Timestamp | None
    """When the store was read; None if it has not answered yet."""
    latency_ms: Milliseconds | None


class PostgresStatus(Reading):
    """PostgreSQL, as read from inside the app."""

    connected: bool
    readable: bool
    writable: bool
    host: str
    postgres_last_update: Timestamp | None


class ValkeyStatus(Reading):
    """Valkey, as read from inside the app."""

    connected: bool
    ping_ok: bool
    set_get_ok: bool
    host: str
    valkey_last_update: Timestamp | None


class DbStatus(Response):
    """Both databases."""

    postgres: PostgresStatus
    valkey: ValkeyStatus


class SecretStatus(Reading):
    """AWS Secrets Manager; never the secret's value."""

    ok: bool
    secret_name: str | None
    secret_arn: str | None
    version_id: str | None
    secret_last_update: Timestamp | None
    value_last_update: Timestamp | None
    """The stamp in the value, which is written less often than the description."""
    value_freshness: Freshness
    note: None = None


class IamStatus(Reading):
    """The AWS identity, as confirmed by GetCallerIdentity."""

    ok: bool
    role_arn: str | None
    account: str | None
    """Masked to the last four digits."""
    user_id: str | None
    credentials_created: Timestamp | None
    credentials_expiry: Timestamp | None
    certificate_subject: str | None
    certificate_expiry: Timestamp | None
    note: None = None


class Problem(Response):
    """The one shape of an error response."""

    error: str = Field(examples=["not_found"])
    message: str = Field(examples=["there is no /nothing here"])
