"""Valkey: the stamp and the report under one key each, which only move forward in time."""

from typing import TYPE_CHECKING

from service.kind import Kind, Shared
from service.sources.valkey.settings import (
    PARAMETERS,
    PARTS,
    VARIABLES,
    Settings,
    ValkeyDetails,
    parse,
)

if TYPE_CHECKING:
    from service.sources.valkey.store import Valkey


def connect(settings: Settings, shared: Shared) -> "Valkey":
    """Create the source on a pool that opens connections on first use."""
    from service.sources.valkey.store import Valkey, client  # noqa: PLC0415  0.2 s of CPU

    return Valkey(client(settings), shared.name)


KIND = Kind(
    name="valkey",
    title="Valkey",
    settings=Settings,
    connect=connect,
    variables=VARIABLES,
    urls=("VALKEY_URL", "REDIS_URL"),
    schemes=("rediss", "redis", "valkeys", "valkey"),
    parse=parse,
    parameters=PARAMETERS,
    parts=PARTS,
    details=ValkeyDetails,
)
