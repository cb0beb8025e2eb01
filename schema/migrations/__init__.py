"""Bring a database to this version's schema, safely, from any process, at any time."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

VERSION_TABLE = "heartbeat_schema"  # not Alembic's default: the database may be shared with an app
ADVISORY_LOCK = 0x6865617274  # "heart": one migration at a time in a database
LOCK_TIMEOUT = "30s"  # another process's migration takes much less

_FOLDER = Path(__file__).parent


class UnknownRevisionError(Exception):
    """The database has a revision that this version cannot interpret."""


def head() -> str:
    """Return this version's newest revision, read from the migrations' file names."""
    return max(path.stem[:4] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def is_current(revision: str | None) -> bool:
    """Tell whether a database at `revision` has all that this version needs.

    Args:
        revision: What the version table holds, None if there is no such table. A revision
            newer than ours is accepted: migrations expand first and contract a release later.
    """
    return revision is not None and revision >= head()


def upgrade(connection: "Connection") -> str:
    """Apply what is missing, in the connection's transaction, under an advisory lock.

    Blocks while another process migrates, at most `LOCK_TIMEOUT`. A database that is already
    newer is left alone.

    Returns:
        The revision that the database now has.

    Raises:
        UnknownRevisionError: The version table holds no revision of Heartbeat's form.
        sqlalchemy.exc.DBAPIError: What the server refuses.
    """
    from alembic import command  # noqa: PLC0415 - 0.2 s of imports that only a migration needs
    from sqlalchemy import text  # noqa: PLC0415 - as above

    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    revision = current(connection)
    if revision is not None and not (len(revision) == len(head()) and revision.isdigit()):
        msg = f"{VERSION_TABLE} holds {revision!r}, which is not a revision of Heartbeat"
        raise UnknownRevisionError(msg)
    if revision is None or not is_current(revision):
        command.upgrade(config(connection), "head")
        return head()
    return revision


def current(connection: "Connection") -> str | None:
    """Return a database's revision, None if it was never migrated."""
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as in upgrade

    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def config(connection: "Connection | None" = None) -> "Config":
    """Return Alembic's configuration, for its commands.

    Args:
        connection: The connection for `env.py`.
    """
    from alembic.config import Config  # noqa: PLC0415 - as in upgrade

    options = Config()
    options.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    options.set_main_option("path_separator", "os")
    options.attributes["connection"] = connection
    return options
