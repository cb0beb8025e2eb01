"""All settings, from the environment, checked at once; the only reader of the environment."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator

from schema.freshness import DEFAULT_INTERVAL_S
from service.aws import roles_anywhere
from service.logs import LogFormat
from service.source import Group, SourceSettings
from service.sources import SOURCES

WRITE_DEADLINE_S = 20.0  # of one source in one cycle, retries included
WRITE_DEADLINE_INTERVALS = 0.8  # and below the interval, so that a cycle never meets the next

G = TypeVar("G", bound=Group)


class ConfigurationError(Exception):
    """The environment does not do; the text names every problem and its remedy.

    Args:
        problems: One sentence each, without any secret.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(["Heartbeat cannot start:", *(f"  - {p}" for p in problems)]))
        self.problems = problems


class ProcessSettings(Group):
    """The variables that belong to no source."""

    host: str = Field(default="0.0.0.0", alias="HOST", min_length=1)
    port: int = Field(default=8080, alias="PORT", ge=0, le=65535)
    name: str = Field(default="worker", alias="HEARTBEAT_NAME", pattern=r"^[A-Za-z0-9_.-]{1,50}$")
    title: str | None = Field(default=None, alias="HEARTBEAT_TITLE", max_length=60)
    interval_s: float = Field(
        default=DEFAULT_INTERVAL_S, alias="HEARTBEAT_INTERVAL_SECONDS", ge=0.05, le=3600
    )
    history_retention_days: int = Field(default=90, alias="HISTORY_RETENTION_DAYS", ge=1, le=3650)
    health_port: int = Field(default=8081, alias="HEALTH_PORT", ge=0, le=65535)
    log_level: str = Field(default="INFO", alias="LOG_LEVEL")
    log_format: LogFormat | None = Field(default=None, alias="LOG_FORMAT")
    max_viewers: int = Field(default=1000, alias="MAX_VIEWERS", ge=0, le=100_000)
    cors_origins: tuple[str, ...] = Field(default=(), alias="API_CORS_ORIGINS")
    dashboard_password: SecretStr | None = Field(default=None, alias="DASHBOARD_PASSWORD")
    trusted_proxy_header: str | None = Field(
        default=None, alias="TRUSTED_PROXY_HEADER", pattern=r"^[A-Za-z0-9-]+$"
    )
    commit: str = Field(default="unknown", alias="HEARTBEAT_COMMIT")

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        levels = ("DEBUG", "INFO", "WARNING", "ERROR")
        if value.upper() not in levels:
            msg = f"one of {', '.join(levels)}"
            raise ValueError(msg)
        return value.upper()

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _are_origins(cls, value: str) -> tuple[str, ...]:
        origins = tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        for origin in origins:
            if origin != "*" and not origin.startswith(("http://", "https://")):
                msg = f"{origin!r} is no origin such as https://status.example.com"
                raise ValueError(msg)
        return origins

    @property
    def write_deadline_s(self) -> float:
        """How long one source may take in one cycle."""
        return min(WRITE_DEADLINE_S, self.interval_s * WRITE_DEADLINE_INTERVALS)


class Settings(Group):
    """Everything that a process needs to know.

    Attributes:
        process: The variables that belong to no source.
        sources: The sources that are switched on, in the order of `SOURCES`.
        off: The sources none of whose variables is set.
        aws: The AWS identity, None if it is not configured.
    """

    process: ProcessSettings
    sources: tuple[SourceSettings, ...]
    off: tuple[type[SourceSettings], ...]
    aws: roles_anywhere.Settings | None

    def warnings(self) -> list[str]:
        """What will go wrong with these settings, though they are valid."""
        return [warning for source in self.sources for warning in source.warnings()]


class _Reader:
    """Reads groups of variables from one environment, and remembers what was wrong."""

    secret: ClassVar[frozenset[Any]] = frozenset({SecretStr, SecretStr | None})

    def __init__(self, environ: Mapping[str, str]) -> None:
        # A platform that passes every variable passes empty ones too.
        self.environ = {key: value for key, value in environ.items() if value.strip()}
        self.problems: list[str] = []

    def read(self, group: type[G], *, optional: bool) -> G | None:
        """The group, None if it is off or wrong; the problems tell which."""
        names = {field.alias for field in group.model_fields.values()}
        if optional and not (names - group.ambient) & self.environ.keys():
            return None
        try:
            return group.model_validate(self.environ)
        except ValidationError as error:
            self.problems += [self._sentence(group, dict(each)) for each in error.errors()]
            return None

    def _sentence(self, group: type[Group], error: dict[str, Any]) -> str:
        name = str(error["loc"][0]) if error["loc"] else ""
        message = str(error["msg"]).removeprefix("Value error, ")
        field = next((f for f in group.model_fields.values() if f.alias == name), None)
        if error["type"] == "missing":
            hint = f" ({field.description})" if field and field.description else ""
            return f"{name} is not set{hint}, but others of its group are: set it, or none of them"
        if field is None:
            return message
        shown = "" if field.annotation in self.secret else f"={self.environ.get(name, '')[:80]!r}"
        return f"{name}{shown}: {message}"


def load(environ: Mapping[str, str]) -> Settings:
    """The settings that an environment gives.

    Args:
        environ: Variables by name, such as `os.environ`; unknown ones are ignored.

    Raises:
        ConfigurationError: Anything is wrong; it names all that is.
    """
    reader = _Reader(environ)
    process = reader.read(ProcessSettings, optional=False)
    aws = reader.read(roles_anywhere.Settings, optional=True)
    read = {kind: reader.read(kind, optional=True) for kind in SOURCES}
    on = tuple(source for source in read.values() if source is not None)
    if not reader.problems:
        reader.problems += _contradictions(on, aws)
    if reader.problems or process is None:
        raise ConfigurationError(reader.problems)
    off = tuple(kind for kind, source in read.items() if source is None)
    return Settings(process=process, sources=on, off=off, aws=aws)


def _contradictions(
    on: tuple[SourceSettings, ...], aws: roles_anywhere.Settings | None
) -> list[str]:
    needing = [source.title for source in on if source.needs_aws]
    if needing and aws is None:
        names = sorted(
            str(field.alias)
            for field in roles_anywhere.Settings.model_fields.values()
            if field.is_required()
        )
        return [f"{', '.join(needing)} needs the AWS identity: set {', '.join(names)}"]
    if aws is not None and not needing:
        return ["the AWS identity is set, but nothing uses it: set SECRETS_MANAGER_SECRET_NAME"]
    return [] if on else ["no source is configured: set PGHOST, VALKEY_HOST or the IAM_* variables"]
