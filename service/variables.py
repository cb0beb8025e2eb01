"""Every environment variable that is read, and those with secrets."""

from pydantic.fields import FieldInfo

from service.alerts.settings import AlertSettings
from service.environment import Environment
from service.group import Group
from service.process import ProcessSettings
from service.sources import KINDS
from service.telemetry.settings import TelemetrySettings

GROUPS: tuple[type[Group], ...] = (ProcessSettings, AlertSettings, TelemetrySettings)
"""The variables that belong to no source."""


def names() -> frozenset[str]:
    """Return every variable that is read, except those that add a store."""
    return frozenset(_fields()) | {url for kind in KINDS for url in kind.urls}


def secret() -> frozenset[str]:
    """Return those whose values are never shown: passwords, keys, URLs that may hold them."""
    found = {name for name, field in _fields().items() if field.annotation in Environment.secret}
    return frozenset(found | {url for kind in KINDS for url in kind.urls})


def _fields() -> dict[str, FieldInfo]:
    """Map each variable to the field that it sets."""
    of_groups = {
        str(field.alias): field for group in GROUPS for field in group.model_fields.values()
    }
    return of_groups | {
        name: kind.settings.model_fields[field]
        for kind in KINDS
        for field, name in kind.variables.items()
    }
