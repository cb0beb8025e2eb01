"""PostgreSQL: one row per name in `last_update`, which only moves forward in time."""

from typing import TYPE_CHECKING

from service.kind import Kind, Shared
from service.sources.postgres.settings import VARIABLES, Settings, parse

if TYPE_CHECKING:
    from service.sources.postgres.store import Postgres


def connect(settings: Settings, shared: Shared) -> "Postgres":
    """Create the source on a pool that opens connections on first use."""
    from service.sources.postgres.pool import Pool  # noqa: PLC0415  the driver, when it is needed
    from service.sources.postgres.store import Postgres  # noqa: PLC0415  as above

    return Postgres(Pool(settings, shared.answer_timeout_s), shared.name)


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
