"""Compare a database with this version's schema."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from schema import migrations
from schema.errors import Cause, ErrorWord
from service.source import Connection
from service.sql.statement import Statement
from service.sql.tables import COLUMNS

STAMPS = "last_update"
NAMES = [*COLUMNS, migrations.VERSION_TABLE]

# The columns of the table `name`, or NULL where there is no such table.
COLUMNS_OF_NAME = (
    "(SELECT array_agg(attname::text) FROM pg_catalog.pg_attribute "
    "WHERE attrelid = to_regclass(name) AND attnum > 0 AND NOT attisdropped)"
)
THERE = Statement(
    f"SELECT name, {COLUMNS_OF_NAME} AS columns FROM unnest($1::text[]) AS name",  # noqa: S608 - ours
    ("names",),
)
REVISION = Statement(f"SELECT version_num FROM {migrations.VERSION_TABLE}")  # noqa: S608 - ours
# Why a table is not found: whether the search path is empty, and whether a schema that has the
# table, or could have it, is not accessible.
HIDDEN = Statement(
    "SELECT current_schema() IS NULL AS nowhere, EXISTS (SELECT "
    "FROM pg_catalog.pg_namespace AS schema WHERE NOT has_schema_privilege(schema.oid, 'USAGE') "
    "AND (nspname = 'public' OR EXISTS (SELECT FROM pg_catalog.pg_class "
    "WHERE relnamespace = schema.oid AND relname = $1::text))) AS hidden",
    ("stamps",),
)


@dataclass(frozen=True, slots=True)
class Found:
    """The state of a database's schema.

    Attributes:
        revision: The version table's content, None without one.
        missing: Missing tables, and columns as `table.column`; empty if the schema is newer, since
            this version cannot know what that needs.
        stamps: Whether the table of stamps exists.
        ours: Whether Heartbeat has migrated this database: an unknown table of that name belongs to
            somebody else until it is adopted.
    """

    revision: str | None
    missing: tuple[str, ...]
    stamps: bool
    ours: bool

    @property
    def current(self) -> bool:
        """Whether this version has all that it needs."""
        return migrations.is_current(self.revision) and not self.missing


async def look(connection: Connection) -> Found:
    """Look up the state of the schema."""
    rows = await connection.rows(THERE, names=NAMES)
    columns = {row.name: set(row.columns) for row in rows if row.columns}
    known = await connection.row(REVISION) if migrations.VERSION_TABLE in columns else None
    return compared(known.version_num if known else None, columns)


def compared(revision: str | None, columns: Mapping[str, Collection[str]]) -> Found:
    """Compare what a database has with what this version needs.

    Args:
        revision: The version table's content, None without one.
        columns: The columns of each existing table of `NAMES`.
    """
    newer = revision is not None and revision > migrations.head()
    missing = () if newer else tuple(_missing(columns))
    return Found(revision, missing, STAMPS in columns, ours=any(t != STAMPS for t in columns))


def takes_stamps(found: Found) -> bool:
    """Tell whether a stamp can be written, whatever else is missing."""
    return found.ours and not lacks_stamps(found)


def lacks_stamps(found: Found) -> bool:
    """Tell whether the table of stamps, or a column of it, is missing."""
    return any(name.partition(".")[0] == STAMPS for name in found.missing) or not found.stamps


async def why_hidden(connection: Connection) -> tuple[ErrorWord, Cause | None]:
    """Explain why the table of stamps is not found."""
    found = await connection.row(HIDDEN, stamps=STAMPS)
    if found.hidden:
        return ErrorWord.PERMISSION, Cause.SCHEMA_USAGE
    return ErrorWord.NOT_FOUND, Cause.SEARCH_PATH if found.nowhere else None


def _missing(columns: Mapping[str, Collection[str]]) -> list[str]:
    found = []
    for name, needed in COLUMNS.items():
        if name in columns:
            found += [f"{name}.{each}" for each in needed if each not in columns[name]]
        else:
            found.append(name)
    return found
