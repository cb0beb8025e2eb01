"""MySQL and MariaDB: one row per author in `last_update`, written only forward in time."""

from typing import TYPE_CHECKING

from service.kind import Kind, Shared
from service.sources.mysql.settings import PARAMETERS, Settings, parse

if TYPE_CHECKING:
    from service.sources.mysql.store import MySql


def connect(settings: Settings, shared: Shared) -> "MySql":
    """Create the source on a pool that opens connections on first use."""
    from service.sources.mysql.engine import engine  # noqa: PLC0415  the driver is an extra
    from service.sources.mysql.store import MySql  # noqa: PLC0415  as above

    return MySql(engine(settings), shared.name, answer_timeout_s=shared.answer_timeout_s)


KIND = Kind(
    name="mysql",
    title="MySQL",
    settings=Settings,
    connect=connect,
    schemes=("mysql", "mariadb"),
    parse=parse,
    parameters=PARAMETERS,
    parts={"tls": "ssl-mode"},
    read_deadline_s=8.0,  # with opening a connection, which has a limit of its own
)
