"""All settings, from the environment, checked at once; the only reader of the environment."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field, SecretStr, field_validator
from pydantic.fields import FieldInfo

from schema.freshness import DEFAULT_INTERVAL_S
from schema.history import KEPT_DAYS
from service import host as hosts
from service import unknown
from service.alerts.settings import AlertSettings
from service.aws import arns, roles_anywhere
from service.environment import Environment
from service.group import Group
from service.instances import CA_SUFFIX, PREFIX, by_urls, by_variables
from service.kind import AnyInstance, AnyKind, Instance, Kind, S
from service.logs import LogFormat
from service.sources import KINDS, iam, secrets_manager
from service.telemetry.settings import TelemetrySettings

# Scheme, host and port alone: a browser sends no more.
ORIGIN = re.compile(r"https?://[^\s/?#@\\]+")
LINES = ("_CERT", "_KEY", "ALERT_TARGETS")  # how variables end that may have several lines
WRITE_DEADLINE_S = 20.0  # of one source in one cycle, retries included
WRITE_DEADLINE_INTERVALS = 0.8  # and below the interval, so that a cycle never meets the next


class ConfigurationError(Exception):
    """The environment is invalid; the text names every problem and its remedy.

    Args:
        problems: One sentence each, without any secret.
        notes: The same, of what is odd beside them and may be their cause.
    """

    def __init__(self, problems: list[str], notes: Sequence[str] = ()) -> None:
        lines = ["Heartbeat cannot start:", *problems, *notes]
        super().__init__("\n  - ".join(lines))
        self.problems = problems


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
        description="the header's name alone, such as DO-Connecting-IP",
    )
    commit: str = Field(default="unknown", alias="HEARTBEAT_COMMIT")

    @field_validator("host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        return hosts.host(value)

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
        """How long one source may take in one cycle."""
        return min(WRITE_DEADLINE_S, self.interval_s * WRITE_DEADLINE_INTERVALS)


GROUPS: tuple[type[Group], ...] = (ProcessSettings, AlertSettings, TelemetrySettings)
"""The variables that belong to no source."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that a process needs to know.

    Attributes:
        process: The variables that belong to no source.
        sources: The sources that are switched on, in the order in which people see them; the AWS
            identity among them, the last.
        off: The kinds that have variables of their own, and no instance.
        aws: The AWS identity, None if it is not configured.
        history: Where history is kept, None if nowhere.
        alerts: Whom to tell, and when.
        telemetry: Where metrics and traces are pushed.
        notes: What is odd about the environment; one sentence each, without any secret.
    """

    process: ProcessSettings
    sources: tuple[AnyInstance, ...]
    off: tuple[AnyKind, ...]
    aws: roles_anywhere.Settings | None
    history: AnyInstance | None
    alerts: AlertSettings
    telemetry: TelemetrySettings
    notes: tuple[str, ...] = ()

    @property
    def stamped(self) -> list[AnyInstance]:
        """The sources that keep a stamp: all but the AWS identity."""
        return [each for each in self.sources if each.kind.keeps_stamp]

    def first(self, kind: Kind[S]) -> Instance[S] | None:
        """The first source of a kind, None if there is none."""
        return next((each for each in self.sources if each.kind is kind), None)

    def warnings(self) -> list[str]:
        """What will go wrong with these settings, though they are valid."""
        return [*self.notes, *(each for source in self.sources for each in source.warnings())]


def load(environ: Mapping[str, str]) -> Settings:
    """The settings that an environment gives.

    Args:
        environ: Variables by name, such as `os.environ`; of unknown ones, those that look like
            ours are warned of.

    Raises:
        ConfigurationError: Anything is wrong; it names all that is.
    """
    environment = Environment(environ)
    names = variables()
    added = [name for name in environment.values if name.startswith(PREFIX)]
    environment.screen(
        [*names, *added],
        secret=secret() | {name for name in added if not name.endswith(CA_SUFFIX)},
        lines=frozenset(name for name in (*names, *added) if name.endswith(LINES)),
    )
    process = environment.group(ProcessSettings)
    alerts = environment.group(AlertSettings)
    telemetry = environment.group(TelemetrySettings)
    own = [by_variables(environment, kind) for kind in KINDS if kind is not iam.KIND]
    identity = by_variables(environment, iam.KIND)
    found = [*own, *by_urls(environment, KINDS), identity]
    sources = tuple(source for source in found if source is not None)
    history = _history(environment, process, sources)
    environment.problems += _named_twice(sources)
    environment.problems += arns.contradictions(_places(environment))
    if not environment.problems:
        environment.problems += _contradictions(sources, identity)
    notes = tuple(unknown.warnings(environment.values, names, PREFIX))
    if environment.problems or process is None or alerts is None or telemetry is None:
        raise ConfigurationError(environment.problems, notes)
    there = {source.kind.name for source in sources}
    return Settings(
        process=process,
        sources=sources,
        off=tuple(kind for kind in KINDS if kind.variables and kind.name not in there),
        aws=identity.settings if identity else None,
        history=history,
        alerts=alerts,
        telemetry=telemetry,
        notes=notes,
    )


def variables() -> frozenset[str]:
    """Every variable that is read, but for those that add a store."""
    return frozenset(_fields()) | {url for kind in KINDS for url in kind.urls}


def secret() -> frozenset[str]:
    """Those of them whose values are never shown: passwords, keys, and URLs that may hold one."""
    found = {name for name, field in _fields().items() if field.annotation in Environment.secret}
    return frozenset(found | {url for kind in KINDS for url in kind.urls})


def _fields() -> dict[str, FieldInfo]:
    """The field that each variable sets."""
    of_groups = {
        str(field.alias): field for group in GROUPS for field in group.model_fields.values()
    }
    return of_groups | {
        name: kind.settings.model_fields[field]
        for kind in KINDS
        for field, name in kind.variables.items()
    }


def _places(environment: Environment) -> dict[str, str]:
    """What says in which region and account the identity and its secret are, by variable."""
    identity, secret = iam.KIND.variables, secrets_manager.KIND.variables["secret"]
    fields = ("trust_anchor_arn", "profile_arn", "role_arn", "region")
    names = [*(identity[each] for each in fields), secret]
    return {name: environment.values[name] for name in names if name in environment.values}


def _history(
    environment: Environment, process: ProcessSettings | None, sources: tuple[AnyInstance, ...]
) -> AnyInstance | None:
    """The first source that can keep history, or the one that HISTORY_SOURCE names."""
    able = [source for source in sources if source.kind.keeps_history]
    name = process.history_source if process else None
    if name is None:
        return next(iter(able), None)
    chosen = next((source for source in able if source.name == name), None)
    if chosen is None:
        there = ", ".join(source.name for source in able) or "none"
        shown = environment.shown("HISTORY_SOURCE")
        environment.problems.append(
            f"HISTORY_SOURCE{shown}: history is kept in a PostgreSQL, and here there is {there}"
        )
    return chosen


def _named_twice(sources: tuple[AnyInstance, ...]) -> list[str]:
    """One sentence for each name that two variables give."""
    counts = Counter(source.name for source in sources)
    return [
        f"two stores are named {name}: "
        + " and ".join(source.variable for source in sources if source.name == name)
        + "; set one of them, or choose another name"
        for name, count in counts.items()
        if count > 1
    ]


def _contradictions(sources: tuple[AnyInstance, ...], identity: AnyInstance | None) -> list[str]:
    needing = [source.title for source in sources if source.depends_on == iam.KIND.name]
    if needing and identity is None:
        fields = roles_anywhere.Settings.model_fields.items()
        required = [name for name, field in fields if field.is_required()]
        given = ("certificate", "private_key", *required)
        names = sorted(iam.KIND.variables[name] for name in given)
        return [f"{', '.join(needing)} needs the AWS identity: set {', '.join(names)}"]
    if identity is not None and not needing:
        return ["the AWS identity is set, but nothing uses it: set SECRETS_MANAGER_SECRET_NAME"]
    if sources:
        return []
    return ["no source is configured: set PGHOST, VALKEY_HOST, HEARTBEAT_SOURCE_<NAME> or IAM_*"]
