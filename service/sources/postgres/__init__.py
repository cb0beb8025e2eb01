"""PostgreSQL: one row per name in `last_update`, which only moves forward in time."""

from typing import TYPE_CHECKING

from service.kind import Kind, Shared
from service.sources.postgres.settings import VARIABLES, PostgresDetails, Settings, parse

if TYPE_CHECKING:
    from service.sources.postgres.store import Postgres


def connect(settings: Settings, shared: Shared) -> "Postgres":
    """Create the source on a pool that opens connections on first use."""
    from service.sources.postgres.pool import Pool  # noqa: PLC0415  the driver, when it is needed
    from service.sources.postgres.replica import ReplicaReader  # noqa: PLC0415  as above
    from service.sources.postgres.store import Postgres  # noqa: PLC0415  as above

    made = Postgres(Pool(settings, shared.answer_timeout_s), shared.name)
    if settings.replica_host is not None:
        there = {"host": settings.replica_host, "port": settings.replica_port or settings.port}
        other = Pool(settings.model_copy(update=there), shared.answer_timeout_s)
        made.replica = ReplicaReader(Postgres(other, shared.name))
    return made


KIND = Kind(
    name="postgres",
    title="PostgreSQL",
    settings=Settings,
    connect=connect,
    variables=VARIABLES,
    urls=("DATABASE_URL",),
    schemes=("postgresql", "postgres"),
    parse=parse,
    parameters=frozenset({"sslmode", "replica"}),
    parts={"tls": "sslmode", "replica_host": "replica", "replica_port": "replica"},
    keeps_history=True,
    details=PostgresDetails,
    # With opening a connection, whose own limit ends a reading of a server that hangs.
    read_deadline_s=8.0,
)
