"""Test whether an existing table of stamps accepts our stamps, by a write that is rolled back."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

# As the worker writes it, with the longest possible name, and with microseconds.
AUTHOR = "heartbeat's migration, which takes this row back".ljust(50, ".")
DOCUMENT = json.dumps({"report": "of the usual size".ljust(16_384, ".")})
MOMENTS = tuple(datetime(2026, 1, 1, 0, 0, second, 123456, tzinfo=UTC) for second in (1, 2))
STAMP = (
    "INSERT INTO last_update (source, timestamp, metadata) VALUES (:author, :moment, :document) "
    "ON CONFLICT (source) DO UPDATE SET timestamp = excluded.timestamp, "
    "metadata = excluded.metadata WHERE last_update.timestamp < excluded.timestamp "
    "RETURNING source, timestamp"
)
NO_KEY = "42P10"
KEY_MISSING = "its column source has no whole unique index, such as a primary key"
# Errors of the user or the server, not of the table.
OF_OTHERS = frozenset({"25006", "42501", "53100", "57014", "55P03"})


def try_stamp(connection: "Connection") -> None:
    """Write a stamp twice, in a savepoint that is rolled back.

    Raises:
        RuntimeError: The table refuses it; the message names the reason and the remedy.
        sqlalchemy.exc.DBAPIError: The server refuses for a reason that is not the table's.
    """
    from sqlalchemy import text  # noqa: PLC0415 - imports that only a migration needs
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - as above

    savepoint = connection.begin_nested()
    try:
        for moment in MOMENTS:
            stamp = {"author": AUTHOR, "moment": moment, "document": DOCUMENT}
            row = connection.execute(text(STAMP), stamp).first()
            if row is None:
                raise RuntimeError(_refusal("a trigger or a rule discards the row"))
            if tuple(row) != (AUTHOR, moment):
                raise RuntimeError(_refusal("it does not keep a stamp as it was written"))
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # what a commit would check
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig else None
        state = getattr(cause, "sqlstate", None)
        if state is None or state in OF_OTHERS or state.startswith("08"):
            raise
        problem = "its column source has no whole unique index, such as a primary key"
        raise RuntimeError(
            _refusal(problem if state == NO_KEY else str(cause).splitlines()[0])
        ) from error
    finally:
        if savepoint.is_active:
            savepoint.rollback()


def _refusal(what: str) -> str:
    return (
        f"a table last_update exists, but refuses a stamp: {what}. Mend that, or rename the table, "
        "or give Heartbeat a database of its own (PGDATABASE)"
    )
