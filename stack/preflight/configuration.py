"""The stack's configuration, read from its files, so that it can be checked without a login."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from stack.choices import HIDDEN
from stack.defaults import text
from stack.preflight.finding import Findings, bad, good, warning
from stack.settings import Settings, SettingsError, parse


def values(project: Path, stack: Path) -> dict[str, str]:
    """Merge the stack's values over the project's defaults, as Pulumi gives them.

    Args:
        project: Pulumi.yaml.
        stack: Pulumi.NAME.yaml; may be missing.
    """
    defaults = {k: v.get("default") for k, v in _read(project)["config"].items()}
    chosen = (_read(stack).get("config") or {}) if stack.exists() else {}
    own = {key.removeprefix("heartbeat:"): value for key, value in chosen.items()}
    return {key: _shown(value) for key, value in {**defaults, **own}.items()}


def check(found: Mapping[str, str], stack: Path) -> Findings:
    """Check whether the program would accept the configuration."""
    if not stack.exists():
        yield bad("stack", f"{stack.name} is missing", f"pulumi stack init {_name(stack)}")
    known = {str(field.alias) for field in Settings.model_fields.values()}
    for key in sorted(key for key in found if key not in known and ":" not in key):
        yield warning(
            "configuration", f"{key} is not a setting", "remove it, or correct its spelling"
        )
    settings, problems = settings_in(found)
    for problem in problems:
        what, _, remedy = problem.partition(": ")
        yield bad("configuration", what, remedy)
    if settings:
        yield good("configuration", f"valid: {settings.name} in {settings.region}")


def settings_in(found: Mapping[str, str]) -> tuple[Settings | None, list[str]]:
    """Return the settings, or their problems."""
    try:
        return parse(found), []
    except SettingsError as error:
        return None, [line.strip(" -") for line in str(error).splitlines()[1:]]


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text()) or {}


def _shown(value: Any) -> str:  # Any: YAML's
    return HIDDEN if isinstance(value, dict) and "secure" in value else text(value)


def _name(stack: Path) -> str:
    return stack.name.removeprefix("Pulumi.").removesuffix(".yaml")
