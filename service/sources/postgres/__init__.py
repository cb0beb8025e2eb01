"""PostgreSQL: one row per author in `last_update`, written only forward in time."""

from typing import TYPE_CHECKING

from service.kind import Kind, Shared
from service.sources.postgres.settings import VARIABLES, Settings, parse

if TYPE_CHECKING:
    from service.sources.postgres.store import Postgres


def connect(settings: Settings, shared: Shared) -> "Postgres":
    """PostgreSQL on a pool that opens its connections when they are first needed."""
    from service.sources.postgres.engine import engine  # noqa: PLC0415  half a second of CPU
    from service.sources.postgres.store import Postgres  # noqa: PLC0415  as above

    return Postgres(
        engine(settings, shared.answer_timeout_s), shared.name, migrating=shared.migrating
    )


KIND = Kind(
    name="postgres",
    title="PostgreSQL",
    settings=Settings,
    connect=connect,
    variables=VARIABLES,
    urls=("DATABASE_URL",),
    schemes=("postgresql", "postgres"),
    parse=parse,
    parameters=frozenset({"sslmode"}),
    parts={"tls": "sslmode"},
    keeps_history=True,
)
