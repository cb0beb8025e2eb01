"""`python -m service.sources.postgres.upgrade`: migrate one database, for `child.py`."""

import sys

from service import garbage

if __name__ == "__main__":
    garbage.pause()  # to the end, which is near: the imports take a fifth less CPU time

import anyio
import asyncpg
from sqlalchemy import Connection, NullPool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from schema import migrations
from schema.errors import Cause, ErrorWord
from schema.migrations.adoption import try_stamp
from schema.migrations.columns import add_columns
from schema.tables import LastUpdate
from service.errors import SourceError
from service.output import leave
from service.sources.postgres.child import Job, Outcome
from service.sources.postgres.errors import OURS, translate
from service.sources.postgres.pool import arguments
from service.sources.postgres.settings import Settings
from service.timeouts import ANSWER_TIMEOUT_S

LACKING = (
    "missing columns that every row needs: {}. Add each with values, or drop its table, which is "
    "then created again without its rows"
)


def main() -> None:
    """Do the task from standard input, and write its result to standard output."""
    job = Job.model_validate_json(sys.stdin.read())
    print(anyio.run(perform, job).model_dump_json())


async def perform(job: Job) -> Outcome:
    """Do a task; an error of PostgreSQL is a result too."""
    opened = engine(Settings.model_validate(job.settings), job.answer_timeout_s)
    try:
        async with opened.begin() as connection:
            revision, lacking = await connection.run_sync(upgrade)
        if not lacking:
            return Outcome(revision=revision)
        message = LACKING.format(", ".join(lacking))
        found = SourceError(ErrorWord.NOT_FOUND, message, Cause.COLUMN_MISSING)
    except (migrations.UnknownRevisionError, RuntimeError) as error:
        # The existing table is not ours: the message names it and the remedy.
        found = SourceError(ErrorWord.INVALID_DATA, str(error))
    except DBAPIError as error:
        found = translate((error.orig and error.orig.__cause__) or error)
    except OURS as error:
        found = translate(error)
    finally:
        await opened.dispose()
    return Outcome(word=found.word, detail=found.detail, cause=found.cause)


def engine(settings: Settings, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> AsyncEngine:
    """Create an engine of SQLAlchemy with connections like the pool's.

    Args:
        settings: How to reach PostgreSQL.
        answer_timeout_s: How long one statement may take.
    """

    async def connect() -> object:
        return await asyncpg.connect(**arguments(settings, answer_timeout_s))

    return create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, poolclass=NullPool, hide_parameters=True
    )


def upgrade(connection: Connection) -> tuple[str, list[str]]:
    """Migrate, restore what was dropped by hand, and test a stamp.

    Returns:
        The revision that the database now has, and the missing columns that cannot be restored.
    """
    revision = migrations.upgrade(connection)
    lacking: list[str] = []
    if revision == migrations.head():  # this version cannot know what a newer one needs
        LastUpdate.metadata.create_all(connection)
        lacking = add_columns(connection)
        if not any(each.startswith(LastUpdate.__tablename__) for each in lacking):
            try_stamp(connection)
    return revision, lacking


if __name__ == "__main__":
    main()
    leave(0)
