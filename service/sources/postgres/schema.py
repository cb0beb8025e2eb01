"""What a database has of this version's schema, looked up in one round trip."""

from dataclasses import dataclass

from schema import migrations
from schema.errors import Cause, ErrorWord
from service.source import Connection
from service.sql.statement import Statement
from service.sql.tables import COLUMNS

STAMPS = "last_update"
NAMES = [*COLUMNS, migrations.VERSION_TABLE]

# For each name its columns, or NULL where there is no such table.
THERE = Statement(
    "SELECT name, (SELECT array_agg(attname::text) FROM pg_catalog.pg_attribute "
    "WHERE attrelid = to_regclass(name) AND attnum > 0 AND NOT attisdropped) AS columns "
    "FROM unnest($1::text[]) AS name",
    ("names",),
)
REVISION = Statement(f"SELECT version_num FROM {migrations.VERSION_TABLE}")  # noqa: S608 - ours
# Why a table is not found: whether no schema is searched, and whether one that is has the table or
# could have it, and may not be looked into.
HIDDEN = Statement(
    "SELECT current_schema() IS NULL AS nowhere, EXISTS (SELECT "
    "FROM pg_catalog.pg_namespace AS schema WHERE NOT has_schema_privilege(schema.oid, 'USAGE') "
    "AND (nspname = 'public' OR EXISTS (SELECT FROM pg_catalog.pg_class "
    "WHERE relnamespace = schema.oid AND relname = $1::text))) AS hidden",
    ("stamps",),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What is there.

    Attributes:
        revision: What the version table says, None without one.
        missing: Tables, and columns as `table.column`, that this version needs; empty where a
            newer version is in charge, whose needs are not ours to know.
        stamps: Whether the table of stamps is there.
    """

    revision: str | None
    missing: tuple[str, ...]
    stamps: bool

    @property
    def current(self) -> bool:
        """Whether this version has all that it needs."""
        return migrations.is_current(self.revision) and not self.missing


async def look(connection: Connection) -> Found:
    """Look up what is there."""
    rows = await connection.rows(THERE, names=NAMES)
    columns = {row.name: set(row.columns) if row.columns else None for row in rows}
    known = await connection.row(REVISION) if columns[migrations.VERSION_TABLE] else None
    revision = known.version_num if known else None
    newer = revision is not None and revision > migrations.head()
    missing = () if newer else tuple(_missing(columns))
    return Found(revision, missing, columns[STAMPS] is not None)


def lacks_stamps(found: Found) -> bool:
    """Whether the table of stamps is missing, or a column of it."""
    return any(name.partition(".")[0] == STAMPS for name in found.missing) or not found.stamps


async def why_hidden(connection: Connection) -> tuple[ErrorWord, Cause | None]:
    """Say why the table of stamps is not found."""
    found = await connection.row(HIDDEN, stamps=STAMPS)
    if found.hidden:
        return ErrorWord.PERMISSION, Cause.SCHEMA_USAGE
    return ErrorWord.NOT_FOUND, Cause.SEARCH_PATH if found.nowhere else None


def _missing(columns: dict[str, set[str] | None]) -> list[str]:
    found = []
    for name, needed in COLUMNS.items():
        has = columns[name]
        if has is None:
            found.append(name)
        else:
            found += [f"{name}.{each}" for each in needed if each not in has]
    return found
