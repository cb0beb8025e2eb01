"""The settings of the app's components: sizes, access to the page, and alerts."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Json, SecretStr

from service import text as texts
from stack.choices import Choices, Secret, Unset

APP_SIZE = r"^(apps|basic|professional)-[a-z0-9.-]+$"
LOGS = r"^([a-z0-9.-]+:\d{2,5}|datadog(:https://[^\s]+)?|logtail|opensearch:https://[^\s@]+)$"


def _plain(value: SecretStr | None) -> SecretStr | None:
    """Refuse white space around a password, which the service would remove."""
    text = value.get_secret_value() if value else ""
    if text != texts.stripped(text):
        raise ValueError
    return value


class Components(Choices):
    """The settings of API, worker and migration."""

    migrate_at_deploy: bool = Field(description="use true or false")
    api_size: str = Field(
        pattern=APP_SIZE, description="use a size (`doctl apps tier instance-size list`)"
    )
    api_instances: int = Field(ge=1, le=20, description="use 1 to 20")
    worker_size: str = Field(
        pattern=APP_SIZE, description="use a size (`doctl apps tier instance-size list`)"
    )
    worker_instances: int = Field(ge=1, le=20, description="use 1 to 20")
    public: bool = Field(description="use true or false")
    dashboard_password: Annotated[SecretStr | None, Unset, AfterValidator(_plain)] = Field(
        min_length=12,
        description="use at least 12 characters without white space around them",
    )
    alert_targets: Secret = Field(
        description="use URLs parted by spaces, as docs/alerts.md has them"
    )
    alert_ping_url: Secret = Field(description="use a URL that begins with https://")
    otlp_endpoint: Annotated[str | None, Unset] = Field(
        pattern=r"^https?://\S+$", description="use a URL such as https://otlp.example.com"
    )
    otlp_headers: Secret = Field(
        description="use name=value, separated by commas, each value percent-encoded"
    )
    heartbeat_name: str = Field(
        pattern=r"^[A-Za-z0-9_.-]{1,50}$", description="use 1 to 50 letters, digits and _.-"
    )
    interval_seconds: int = Field(ge=1, le=3600, description="use 1 to 3600 seconds")
    secret_value_interval_seconds: int = Field(ge=60, le=86400, description="use 60 to 86400 s")
    history_retention_days: int = Field(ge=1, le=400, description="use 1 to 400 days")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        description="use debug, info, warning or error"
    )
    cors_origins: Json[tuple[Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:-]+$")], ...]] = (
        Field(description='use a list of origins, such as ["https://status.example.org"]')
    )
    alert_emails: Json[tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...]] = Field(
        description='use a list of addresses, such as ["on-call@example.org"]'
    )
    log_destination: Annotated[str | None, Unset] = Field(
        pattern=LOGS,
        description="use HOST:PORT of Papertrail, `datadog` or `datadog:https://INTAKE`, `logtail`,"
        " or `opensearch:https://HOST:PORT`",
    )
    log_token: Secret = Field(
        description="use Datadog's key, Logtail's token or OpenSearch's USER:PASSWORD, set with"
        " `pulumi config set --secret logToken`"
    )
