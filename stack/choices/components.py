"""How the app's components run, who may look, and who hears of them."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Json, SecretStr

from stack.choices import Choices, Secret, Unset

APP_SIZE = r"^(apps|basic|professional)-[a-z0-9.-]+$"
LOGS = r"^([a-z0-9.-]+:\d{2,5}|datadog(:https://[^\s]+)?|logtail|opensearch:https://[^\s@]+)$"

# What App Platform, Kubernetes, a template or a person has left over in a password's place.
LEFT_OVER = re.compile(
    r"(['\"`\u201c\u2018\u201e]).*['\"`\u201c\u201d\u2019]|\$\(.*\)|\{\{.*\}\}|<.*>|\$\w+|tcp://.*"
)
URLS = r"[a-z0-9+.-]+://\S+(\s+[a-z0-9+.-]+://\S+)*"
HEADERS = r"[^\s=,]+=[^\s,]*(,[^\s=,]+=[^\s,]*)*"


def _like(pattern: str) -> AfterValidator:
    """A secret that has a form; pydantic's own `pattern` knows no secrets."""

    def check(value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(pattern, value.get_secret_value()):
            raise ValueError
        return value

    return AfterValidator(check)


def _plain(value: SecretStr | None) -> SecretStr | None:
    """A password that the service takes as it stands; see service/text.py, which refuses others."""
    text = value.get_secret_value() if value else ""
    bad = (
        text != text.strip() or not text.isprintable() or "${" in text or LEFT_OVER.fullmatch(text)
    )
    if bad:
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
        description="use at least 12 characters without ${, quotes or white space around them, line"
        " breaks and placeholders",
    )
    alert_targets: Annotated[SecretStr | None, Unset, _like(URLS)] = Field(
        description="use URLs parted by spaces, as docs/alerts.md has them"
    )
    alert_ping_url: Annotated[SecretStr | None, Unset, _like(r"https?://\S+")] = Field(
        description="use a URL that begins with https://"
    )
    otlp_endpoint: Annotated[str | None, Unset] = Field(
        pattern=r"^https?://\S+$", description="use a URL such as https://otlp.example.com"
    )
    otlp_headers: Annotated[SecretStr | None, Unset, _like(HEADERS)] = Field(
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
