"""What a database has of this version's schema, looked up in one round trip."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import column, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from schema import migrations
from schema.errors import Cause, ErrorWord
from schema.tables import LastUpdate

STAMPS = str(LastUpdate.__tablename__)
MODELS = LastUpdate.metadata.tables
NAMES = [*MODELS, migrations.VERSION_TABLE]

# For each name its columns, or NULL where there is no such table.
COLUMNS: Any = text(
    "SELECT name, (SELECT array_agg(attname::text) FROM pg_catalog.pg_attribute "
    "WHERE attrelid = to_regclass(name) AND attnum > 0 AND NOT attisdropped) "
    "FROM unnest(CAST(:names AS text[])) AS name"
)
REVISION: Any = select(column("version_num")).select_from(table(migrations.VERSION_TABLE))
# Why a table is not found: whether no schema is searched, and whether one that is has the table or
# could have it, and may not be looked into.
HIDDEN: Any = text(
    "SELECT current_schema() IS NULL, EXISTS (SELECT FROM pg_catalog.pg_namespace AS schema "
    "WHERE NOT has_schema_privilege(schema.oid, 'USAGE') AND (nspname = 'public' OR EXISTS "
    "(SELECT FROM pg_catalog.pg_class WHERE relnamespace = schema.oid AND relname = :stamps)))"
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


async def look(connection: AsyncConnection) -> Found:
    """Look up what is there."""
    rows = (await connection.execute(COLUMNS, {"names": NAMES})).all()
    columns: dict[str, set[str] | None] = {name: set(has) if has else None for name, has in rows}
    known = columns[migrations.VERSION_TABLE]
    revision = await connection.scalar(REVISION) if known else None
    newer = revision is not None and revision > migrations.head()
    missing = () if newer else tuple(_missing(columns))
    return Found(revision, missing, columns[STAMPS] is not None)


def lacks_stamps(found: Found) -> bool:
    """Whether the table of stamps is missing, or a column of it."""
    return any(name.partition(".")[0] == STAMPS for name in found.missing) or not found.stamps


async def why_hidden(connection: AsyncConnection) -> tuple[ErrorWord, Cause | None]:
    """Say why the table of stamps is not found."""
    nowhere, hidden = (await connection.execute(HIDDEN, {"stamps": STAMPS})).one()
    if hidden:
        return ErrorWord.PERMISSION, Cause.SCHEMA_USAGE
    return ErrorWord.NOT_FOUND, Cause.SEARCH_PATH if nowhere else None


def _missing(columns: dict[str, set[str] | None]) -> list[str]:
    found = []
    for name, model in MODELS.items():
        has = columns[name]
        if has is None:
            found.append(name)
        else:
            found += [f"{name}.{each.name}" for each in model.columns if each.name not in has]
    return found
