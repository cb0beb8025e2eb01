"""The schema brought up to date, in a process of its own.

Alembic and SQLAlchemy take 30 MB and half a second, for what happens once in a release: the process
that stamps or answers imports neither.
"""

import sys

import anyio
from pydantic import BaseModel, JsonValue

from schema.errors import Cause, ErrorWord
from service.errors import SourceError
from service.sources.postgres.settings import Settings

MODULE = "service.sources.postgres.upgrade"


class Job(BaseModel):
    """What the process is to do; it comes by its standard input, since it holds a password.

    Attributes:
        settings: Where PostgreSQL is, the password in clear.
        answer_timeout_s: How long one statement may take.
    """

    settings: dict[str, JsonValue]
    answer_timeout_s: float

    @classmethod
    def of(cls, settings: Settings, answer_timeout_s: float) -> "Job":
        """The job of one database."""
        given = settings.model_dump(mode="json", exclude_none=True)
        given["password"] = settings.password.get_secret_value()
        return cls(settings=given, answer_timeout_s=answer_timeout_s)


class Outcome(BaseModel):
    """What became of it: a revision, or why there is none; on its standard output."""

    revision: str = ""
    word: ErrorWord | None = None
    detail: str = ""
    cause: Cause | None = None

    def found(self) -> str:
        """The revision.

        Raises:
            SourceError: There is none.
        """
        if self.word is not None:
            raise SourceError(self.word, self.detail, self.cause)
        return self.revision


async def upgrade(settings: Settings, answer_timeout_s: float) -> str:
    """Bring a database to this version's schema, and try whether it takes a stamp.

    Whoever cancels this ends the process, and the server takes back what it did.

    Args:
        settings: Where PostgreSQL is.
        answer_timeout_s: How long one statement may take.

    Returns:
        The revision that the database now has.

    Raises:
        SourceError: It is not at the head.
    """
    job = Job.of(settings, answer_timeout_s).model_dump_json().encode()
    try:
        done = await anyio.run_process([sys.executable, "-m", MODULE], input=job, check=False)
    except OSError as error:  # no process, or no memory for one
        raise SourceError(ErrorWord.FAILED, f"no process for the migration: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise SourceError(ErrorWord.FAILED, f"migrating ended with {done.returncode}: {said}")
    return Outcome.model_validate_json(done.stdout).found()
