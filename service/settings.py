"""All settings, from the environment, checked at once; the only reader of the environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service import contradictions, unknown, variables
from service.alerts.settings import AlertSettings
from service.aws import roles_anywhere
from service.environment import Environment
from service.instances import CA_SUFFIX, PREFIX, by_urls, by_variables
from service.kind import AnyInstance, AnyKind, D, Instance, Kind, S
from service.process import ProcessSettings
from service.sources import KINDS, iam
from service.telemetry.settings import TelemetrySettings

LINES = ("_CERT", "_KEY", "ALERT_TARGETS")  # how variables end that may have several lines


class ConfigurationError(Exception):
    """The environment is invalid; the text names every problem and its remedy.

    Args:
        problems: One sentence each, without any secret.
        notes: Oddities that may be their cause, likewise.
    """

    def __init__(self, problems: list[str], notes: Sequence[str] = ()) -> None:
        lines = ["Heartbeat cannot start:", *problems, *notes]
        super().__init__("\n  - ".join(lines))
        self.problems = problems


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
        alerts: Targets and policy of alerts.
        telemetry: Where metrics and traces are pushed.
        notes: Oddities of the environment; one sentence each, without any secret.
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

    def first(self, kind: Kind[S, D]) -> Instance[S, D] | None:
        """Return the first source of a kind, None if there is none."""
        return next((each for each in self.sources if each.kind is kind), None)

    def warnings(self) -> list[str]:
        """Return problems to expect with these settings, although they are valid."""
        return [*self.notes, *(each for source in self.sources for each in source.warnings())]


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check the settings that an environment gives.

    Args:
        environ: Variables by name, such as `os.environ`; unknown names that look like ours cause a
            warning.

    Raises:
        ConfigurationError: The environment is invalid; the text names every problem.
    """
    environment = Environment(environ)
    names = variables.names()
    added = [name for name in environment.values if name.startswith(PREFIX)]
    environment.screen(
        [*names, *added],
        secret=variables.secret() | {name for name in added if not name.endswith(CA_SUFFIX)},
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
    environment.problems += contradictions.named_twice(environment)
    environment.problems += contradictions.places_differ(environment)
    environment.problems += contradictions.something_missing(environment, sources, identity)
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


def _history(
    environment: Environment, process: ProcessSettings | None, sources: tuple[AnyInstance, ...]
) -> AnyInstance | None:
    """Choose the source that HISTORY_SOURCE names, else the first that can keep history."""
    able = [source for source in sources if source.kind.keeps_history]
    name = process.history_source if process else None
    if name is None:
        return next(iter(able), None)
    chosen = next((source for source in able if source.name == name), None)
    is_known = any(source.name == name for source in sources)
    if chosen is None and (is_known or not _is_given(environment, name)):
        there = ", ".join(dict.fromkeys(source.name for source in able)) or "none"
        shown = environment.shown("HISTORY_SOURCE")
        environment.problems.append(
            f"HISTORY_SOURCE{shown}: history is kept in a PostgreSQL, and here there is {there}"
        )
    return chosen


def _is_given(environment: Environment, name: str) -> bool:
    """Tell whether a variable defines a store of this name; if invalid, it has its own problem."""
    given = environment.values
    own = any(kind.set_in(given) for kind in KINDS if kind.name == name)
    return own or f"{PREFIX}{name.upper()}" in given
