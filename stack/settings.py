"""What the person who deploys chose, validated; the only reader of Pulumi's configuration.

As long as there are settings: each is a pattern and what to do about a mistake.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import pulumi
from pulumi.runtime.config import is_config_secret
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from stack.contradictions import contradictions
from stack.regions import CLUSTER_REGIONS

PROJECT = "heartbeat"  # Pulumi.yaml's name, which stands before every key
WHOLE_ARN = r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$"
ROLE_ARN = r"^arn:aws[a-z-]*:iam::\d{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]+$"
UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
REPOSITORY = r"^(registry\.digitalocean\.com|ghcr\.io|docker\.io)/[a-z0-9._-]+/[a-z0-9._/-]+"
VERSION = r"(:\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$"
CLUSTER = r"^[a-z0-9][a-z0-9-]{1,62}$"
APP_SIZE = r"^apps-(s-1vcpu-(0\.5gb|1gb|1gb-fixed|2gb)|d-1vcpu-(0\.5gb|1gb))$"
DATABASE_SIZE = r"^db-s-(1vcpu-1gb|1vcpu-2gb|2vcpu-4gb)$"

_Unset = BeforeValidator(lambda text: text or None)  # Pulumi.yaml's "" means: not set


class Settings(BaseModel):
    """One stack's configuration, described in Pulumi.yaml; here is what to do about a mistake."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, hide_input_in_errors=True)

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,22}[a-z0-9]$",
        description="use 2 to 24 small letters, digits and hyphens, a letter first, no hyphen last",
    )
    region: Literal["ams", "atl", "blr", "fra", "lon", "nyc", "sfo", "sgp", "syd", "tor"] = Field(
        description=f"use App Platform's three letters, one of {' '.join(CLUSTER_REGIONS)}"
    )
    network: Literal["vpc", "public"] = Field(description="use vpc or public")
    vpc_id: Annotated[str | None, _Unset] = Field(
        pattern=UUID, description="use the VPC's id, a UUID (`doctl vpcs list`)"
    )
    postgres_cluster: Annotated[str | None, _Unset] = Field(
        pattern=CLUSTER, description="use the cluster's name (`doctl databases list`)"
    )
    valkey_cluster: Annotated[str | None, _Unset] = Field(
        pattern=CLUSTER, description="use the cluster's name (`doctl databases list`)"
    )
    database_size: str = Field(
        pattern=DATABASE_SIZE, description="use a size that stack/prices.json lists"
    )
    database_nodes: int = Field(ge=1, le=3, description="use 1, 2 or 3")
    protect_data: bool = Field(description="use true or false")
    image: Annotated[str | None, _Unset] = Field(
        pattern=REPOSITORY + VERSION,
        description="use HOST/PATH@sha256:DIGEST or HOST/PATH:TAG on registry.digitalocean.com,"
        " ghcr.io or docker.io",
    )
    image_build: Annotated[str | None, _Unset] = Field(
        pattern=REPOSITORY + "$",
        description="use HOST/PATH, no tag, on registry.digitalocean.com, ghcr.io or docker.io",
    )
    image_git: Annotated[str | None, _Unset] = Field(
        pattern=r"^https://[\w.-]+/[\w./-]+$",
        description="use an https:// address of a public repository, without user or token",
    )
    image_branch: str = Field(pattern=r"^[\w./-]+$", description="use a branch's name")
    migrate_at_deploy: bool = Field(description="use true or false")
    api_size: str = Field(pattern=APP_SIZE, description="use a size that stack/prices.json lists")
    api_instances: int = Field(ge=1, le=20, description="use 1 to 20")
    worker_size: str = Field(
        pattern=APP_SIZE, description="use a size that stack/prices.json lists"
    )
    role_arn: Annotated[str | None, _Unset] = Field(
        pattern=ROLE_ARN, description="use arn:aws:iam::ACCOUNT:role/NAME"
    )
    secret_arn: Annotated[str | None, _Unset] = Field(
        pattern=WHOLE_ARN,
        description="use the whole ARN with its random end, as `aws secretsmanager describe-secret`"
        " prints it",
    )
    identity_generations: Json[tuple[Annotated[int, Field(ge=1)], ...]] = Field(
        description="use [N], or [N-1, N] while the certificate rotates (docs/rotation.md)"
    )
    identity_revoked_before: Annotated[AwareDatetime | None, _Unset] = Field(
        description="use ISO 8601 with an offset, such as 2026-01-31T12:00:00Z"
    )
    update_secrets: bool = Field(description="use true or false")
    public: bool = Field(description="use true or false")
    dashboard_password: Annotated[SecretStr | None, _Unset] = Field(
        min_length=12, description="use at least 12 characters"
    )
    heartbeat_name: str = Field(pattern=r"^[\w.-]{1,50}$", description="use 1 to 50 letters")
    interval_seconds: int = Field(ge=1, le=3600, description="use 1 to 3600 seconds")
    secret_value_interval_seconds: int = Field(ge=60, le=86400, description="use 60 to 86400 s")
    history_retention_days: int = Field(ge=1, le=3650, description="use 1 to 3650 days")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        description="use debug, info, warning or error"
    )
    cors_origins: Json[tuple[Annotated[str, Field(pattern=r"^https?://[^/\s,]+$")], ...]] = Field(
        description='use a list of origins, such as ["https://status.example.org"]'
    )
    alert_emails: Json[tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...]] = Field(
        description='use a list of addresses, such as ["on-call@example.org"]'
    )
    log_destination: Annotated[str | None, _Unset] = Field(
        pattern=r"^[a-z0-9.-]+:\d{2,5}$",
        description="use HOST:PORT of a Papertrail log destination",
    )
    aws_region: str = Field(
        alias="aws:region",
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        description="use AWS's name, as in `pulumi config set aws:region us-west-2`",
    )

    @property
    def cluster_region(self) -> str:
        """The data centre in which App Platform's region can reach databases privately."""
        return CLUSTER_REGIONS[self.region]

    @property
    def sends_secrets(self) -> bool:
        """Whether this `up` sends the app's secrets again; a rotation must."""
        return self.update_secrets or len(self.identity_generations) > 1


class SettingsError(pulumi.RunError):
    """The configuration has mistakes; Pulumi shows the message, which says how to mend each."""


def load() -> Settings:
    """The current stack's settings.

    Raises:
        SettingsError: As `parse`; and if the password lies in the configuration in plain text.
    """
    config, aws = pulumi.Config(PROJECT), pulumi.Config("aws")
    fields = Settings.model_fields.values()
    values = {str(field.alias): config.get(str(field.alias)) for field in fields}
    values["aws:region"] = aws.get("region")
    if values.get("dashboardPassword") and not is_config_secret(f"{PROJECT}:dashboardPassword"):
        msg = "dashboardPassword is in plain text: `pulumi config set --secret dashboardPassword`"
        raise SettingsError(msg)
    return parse({key: value for key, value in values.items() if value is not None})


def parse(values: Mapping[str, str]) -> Settings:
    """Settings from configuration as Pulumi holds it: text by key, lists as JSON.

    Raises:
        SettingsError: Some value is missing, wrong, or contradicts another.
    """
    problems = contradictions(values)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems = [
            *dict.fromkeys(_problem(e["loc"][0], values) for e in error.errors()),
            *problems,
        ]
        raise SettingsError(_report(problems)) from None
    if problems:
        raise SettingsError(_report(problems))
    return settings


def _problem(alias: int | str, values: Mapping[str, str]) -> str:
    field = next(f for f in Settings.model_fields.values() if f.alias == alias)
    if alias not in values:
        return f"{alias} is not set: {field.description}"
    shown = "(hidden)" if alias == "dashboardPassword" else repr(values[str(alias)])
    return f"{alias} = {shown}: {field.description}"


def _report(problems: list[str]) -> str:
    return "The stack's configuration needs mending:\n" + "\n".join(f"  - {p}" for p in problems)
