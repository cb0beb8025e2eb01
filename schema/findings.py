"""What is wrong: one finding for each root cause."""

from enum import StrEnum

from schema.response import Response
from schema.timestamps import Timestamp


class Severity(StrEnum):
    """How much a finding matters; the worst one is the verdict."""

    ERROR = "error"
    """Wake somebody: a store is not written or cannot be read, or will be soon."""
    DEGRADED = "degraded"
    """It heals by itself, or will become an error."""


class FindingCode(StrEnum):
    """What kind of thing is wrong."""

    STARTING = "starting"
    """Too early to judge. Not a problem: nobody needs to be told of it."""
    WORKER_SILENT = "worker_silent"
    SOURCE_UNREACHABLE = "source_unreachable"
    SOURCE_NOT_WRITTEN = "source_not_written"
    OUT_OF_STEP = "out_of_step"
    CREDENTIALS = "credentials"
    QUOTA = "quota"
    SCHEMA = "schema"
    ALERTS_NOT_DELIVERED = "alerts_not_delivered"


class Finding(Response):
    """One thing that is wrong, and what to do about it.

    What follows from a root cause has no finding of its own: an AWS identity that is refused
    stands for the secret as well, a silent worker for every store.
    """

    code: FindingCode
    severity: Severity
    sources: list[str]
    """The slugs of all sources that suffer from it, `iam` for the AWS identity."""
    since: Timestamp | None
    """When it began; null if that is not known."""
    title: str
    """What is wrong: one short sentence without a full stop."""
    remedy: str | None
    """What to do: one sentence that begins with a verb; null if there is nothing to do."""
    runbook: str
    """The anchor in docs/runbook.md, which the API serves at `/docs/runbook`."""
