"""The sources, in the order in which people see them; a new one is one file and one entry."""

from service.source import SourceSettings
from service.sources import postgres, secrets_manager, valkey

SOURCES: tuple[type[SourceSettings], ...] = (
    postgres.Settings,
    valkey.Settings,
    secrets_manager.Settings,
)
