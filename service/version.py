"""The version of Heartbeat."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """Return the version of the installed project."""
    return metadata.version("heartbeat")
