"""Migrate the schema in a child process.

Alembic and SQLAlchemy take 30 MB and half a second, but are needed once per release: worker and API
import neither.
"""

import sys

import anyio
from pydantic import BaseModel, JsonValue

from schema.errors import Cause, ErrorWord
from service.errors import SourceError
from service.sources.postgres.settings import Settings

MODULE = "service.sources.postgres.upgrade"


class Job(BaseModel):
    """The child's task, sent to its standard input, because it contains a password.

    Attributes:
        settings: How to reach PostgreSQL, with the password in plain text.
        answer_timeout_s: How long one statement may take.
    """

    settings: dict[str, JsonValue]
    answer_timeout_s: float

    @classmethod
    def of(cls, settings: Settings, answer_timeout_s: float) -> "Job":
        """Create the task for one database."""
        given = settings.model_dump(mode="json", exclude_none=True)
        given["password"] = settings.password.get_secret_value()
        return cls(settings=given, answer_timeout_s=answer_timeout_s)


class Outcome(BaseModel):
    """The child's result on its standard output: a revision, or why there is none."""

    revision: str = ""
    word: ErrorWord | None = None
    detail: str = ""
    cause: Cause | None = None

    def found(self) -> str:
        """Return the revision.

        Raises:
            SourceError: The migration failed.
        """
        if self.word is not None:
            raise SourceError(self.word, self.detail, self.cause)
        return self.revision


async def upgrade(settings: Settings, answer_timeout_s: float) -> str:
    """Migrate a database to this version's schema, and test whether it accepts a stamp.

    Cancelling this ends the process, and the server rolls back its transaction.

    Args:
        settings: How to reach PostgreSQL.
        answer_timeout_s: How long one statement may take.

    Returns:
        The revision that the database now has.

    Raises:
        SourceError: It is not at the head.
    """
    job = Job.of(settings, answer_timeout_s).model_dump_json().encode()
    try:
        done = await anyio.run_process([sys.executable, "-m", MODULE], input=job, check=False)
    except OSError as error:  # the process could not be started
        raise SourceError(ErrorWord.FAILED, f"no process for the migration: {error}") from error
    if done.returncode:
        output = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise SourceError(ErrorWord.FAILED, f"migrating ended with {done.returncode}: {output}")
    return Outcome.model_validate_json(done.stdout).found()
