"""The settings of a process: where it listens, how often it writes, what it logs."""

import re

from pydantic import Field, SecretStr, field_validator

from schema.freshness import DEFAULT_INTERVAL_S
from schema.history import KEPT_DAYS
from service import host as hosts
from service.group import Group
from service.logs import LogFormat

# Only scheme, host and port, as a browser sends them.
ORIGIN = re.compile(r"https?://[^\s/?#@\\*]+")
HEADER = "only the header's name, such as DO-Connecting-IP"
SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "1", "0"})
WRITE_DEADLINE_S = 20.0  # for one source in one cycle, including retries
WRITE_DEADLINE_INTERVALS = 0.8  # below the interval, so that cycles never overlap


class ProcessSettings(Group):
    """The variables that belong to no source."""

    host: str = Field(default="0.0.0.0", alias="HOST", min_length=1)
    port: int = Field(default=8080, alias="PORT", ge=0, le=65535)
    name: str = Field(
        default="worker",
        alias="HEARTBEAT_NAME",
        pattern=r"^[A-Za-z0-9_.-]{1,50}$",
        description="1 to 50 of the letters A to Z, digits and _.-",
    )
    title: str | None = Field(default=None, alias="HEARTBEAT_TITLE", max_length=60)
    interval_s: float = Field(
        default=DEFAULT_INTERVAL_S, alias="HEARTBEAT_INTERVAL_SECONDS", ge=0.05, le=3600
    )
    history_retention_days: int = Field(
        default=90, alias="HISTORY_RETENTION_DAYS", ge=1, le=KEPT_DAYS
    )
    history_source: str | None = Field(default=None, alias="HISTORY_SOURCE")
    health_port: int = Field(default=8081, alias="HEALTH_PORT", ge=0, le=65535)
    log_level: str = Field(default="INFO", alias="LOG_LEVEL")
    log_format: LogFormat | None = Field(default=None, alias="LOG_FORMAT")
    max_viewers: int = Field(default=1000, alias="MAX_VIEWERS", ge=0, le=100_000)
    cors_origins: tuple[str, ...] = Field(default=(), alias="API_CORS_ORIGINS")
    dashboard_password: SecretStr | None = Field(default=None, alias="DASHBOARD_PASSWORD")
    trusted_proxy_header: str | None = Field(
        default=None,
        alias="TRUSTED_PROXY_HEADER",
        pattern=r"^[A-Za-z0-9-]+$",
        description=HEADER,
    )
    commit: str = Field(default="unknown", alias="HEARTBEAT_COMMIT")

    @field_validator("host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        return hosts.host(value)

    @field_validator("trusted_proxy_header")
    @classmethod
    def _is_header(cls, value: str) -> str:
        if value.lower() in SWITCHES:
            msg = f"must be {HEADER}"
            raise ValueError(msg)
        return value

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        levels = ("DEBUG", "INFO", "WARNING", "ERROR")
        if value.upper() not in levels:
            msg = f"must be one of {', '.join(levels)}"
            raise ValueError(msg)
        return value.upper()

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _are_origins(cls, value: str) -> tuple[str, ...]:
        origins = tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        for origin in origins:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                msg = "must be origins such as https://status.example.com, separated by commas"
                raise ValueError(msg)
        return origins

    @property
    def write_deadline_s(self) -> float:
        """The deadline of one source in one cycle, in seconds."""
        return min(WRITE_DEADLINE_S, self.interval_s * WRITE_DEADLINE_INTERVALS)
