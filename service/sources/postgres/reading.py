"""All that one reading needs, in one statement: far away, each round trip takes long."""

import json
from typing import Any

from schema.migrations import VERSION_TABLE
from service.source import Connection
from service.sources.postgres.schema import COLUMNS_OF_NAME, NAMES, Found, compared
from service.sql.stamps import PROBE, READ
from service.sql.statement import Statement

# It fails as a whole where a table is missing, a right, or the permission to write.
WHOLE = Statement(
    f"WITH probe AS ({PROBE.text} RETURNING source), stamp AS ({READ.text}) "  # noqa: S608 - ours
    f"SELECT (SELECT version_num FROM {VERSION_TABLE} LIMIT 1) AS revision, "
    f"(SELECT json_object_agg(name, {COLUMNS_OF_NAME})::text "
    f"FROM unnest(${len(READ.parameters) + 1}::text[]) AS name) AS columns, "
    "EXISTS (SELECT FROM stamp) AS found, "
    "(SELECT timestamp FROM stamp) AS timestamp, (SELECT report FROM stamp) AS report",
    (*READ.parameters, "names"),
)


async def read_whole(connection: Connection, name: str) -> tuple[Found, Any]:
    """Read the state of the schema and the stamp's row, and probe a write.

    Args:
        connection: The connection.
        name: `HEARTBEAT_NAME`.

    Returns:
        The state, and a row as `READ` returns it, None if there is none.
    """
    row = await connection.row(WHOLE, name=name, names=NAMES)
    columns = {table: names for table, names in json.loads(row.columns).items() if names}
    return compared(row.revision, columns), row if row.found else None
