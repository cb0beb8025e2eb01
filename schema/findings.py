"""Findings: one for each root cause."""

from enum import StrEnum

from schema.response import Response
from schema.timestamps import Timestamp


class Severity(StrEnum):
    """The severity of a finding; the worst one is the verdict."""

    ERROR = "error"
    """A person must act now: a store is not written or cannot be read, or soon will not be."""
    DEGRADED = "degraded"
    """It resolves by itself, or becomes an error later."""


class FindingCode(StrEnum):
    """The kind of problem."""

    STARTING = "starting"
    """Too early to judge; not a problem."""
    WORKER_SILENT = "worker_silent"
    SOURCE_UNREACHABLE = "source_unreachable"
    SOURCE_NOT_WRITTEN = "source_not_written"
    OUT_OF_STEP = "out_of_step"
    CREDENTIALS = "credentials"
    QUOTA = "quota"
    SCHEMA = "schema"
    ALERTS_NOT_DELIVERED = "alerts_not_delivered"
    REPLICA_BEHIND = "replica_behind"


class Finding(Response):
    """One problem, and what to do about it.

    The consequences of a root cause have no findings of their own: a refused AWS identity also
    covers the secret, and a silent worker covers every store.
    """

    code: FindingCode
    severity: Severity
    sources: list[str]
    """The slugs of all affected sources, `iam` for the AWS identity."""
    since: Timestamp | None
    """When it began; null if that is not known."""
    title: str
    """The problem: one short sentence without a full stop."""
    remedy: str | None
    """The remedy: one sentence that begins with a verb; null without one."""
    runbook: str
    """The anchor in docs/runbook.md, which the API serves at `/docs/runbook`."""
