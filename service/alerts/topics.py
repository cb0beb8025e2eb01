"""Group findings by what alerts are about, and find those that others hide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schema.findings import Finding, FindingCode, Severity
from schema.heartbeat import IDENTITY

WHOLE = frozenset({FindingCode.WORKER_SILENT, FindingCode.CREDENTIALS, FindingCode.OUT_OF_STEP})
"""Findings about one thing for all affected sources. All others are about each source."""

NEEDS_THE_WORKER = frozenset(
    {FindingCode.SOURCE_NOT_WRITTEN, FindingCode.QUOTA, FindingCode.OUT_OF_STEP}
)
"""Nothing is known about these while the worker is silent."""

ABOUT = {FindingCode.SOURCE_NOT_WRITTEN: FindingCode.SOURCE_UNREACHABLE}
"""Codes with the same subject as another: a store that answers again before its next write is still
the same outage."""

RANK = {Severity.DEGRADED: 0, Severity.ERROR: 1}
"""The order of severities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """One subject of alerts, as one look saw it.

    Attributes:
        code: The kind of problem.
        source: The source; empty if it is not about one source.
        severity: Its severity.
        sources: All affected sources.
        title: The problem.
        remedy: What to do.
        runbook: The section of the runbook.
        since: When it began, None if unknown.
        related: The keys of the topics that share its cause, itself included: an AWS identity that
            does not answer, and the stores that need it. Empty if it has a cause of its own.
    """

    code: FindingCode
    source: str
    severity: Severity
    sources: tuple[str, ...]
    title: str
    remedy: str | None
    runbook: str
    since: datetime | None
    related: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Its identity."""
        return key(self.code, self.source)


def key(code: FindingCode, source: str) -> str:
    """Return a topic's key; a store that is unreadable or unwritten has one key for both."""
    return f"{ABOUT.get(code, code)}/{source}"


def graver(one: Severity, other: Severity) -> bool:
    """Tell whether the first is more severe than the second."""
    return RANK[one] > RANK[other]


def topics(findings: Sequence[Finding], interval_s: float) -> dict[str, Topic]:
    """Group findings into topics by key; of two about the same thing the more severe stays."""
    found: dict[str, Topic] = {}
    for finding in findings:
        if finding.code is FindingCode.STARTING:
            continue
        for source in ("",) if finding.code in WHOLE else finding.sources or ("",):
            topic = _topic(finding, source, interval_s)
            known = found.get(topic.key)
            if known is None or graver(topic.severity, known.severity):
                found[topic.key] = topic
    return found


def hidden(code: FindingCode, sources: Sequence[str], findings: Sequence[Finding]) -> bool:
    """Tell whether another problem hides a topic.

    A silent worker reports nothing about its writes; a store that cannot be read reports nothing;
    a refused identity covers all that depend on it. A hidden topic has not ended, although no look
    sees it.
    """
    return any(_hides(finding, code, frozenset(sources)) for finding in findings)


def _hides(finding: Finding, code: FindingCode, sources: frozenset[str]) -> bool:
    if finding.code is code:
        return False
    if finding.code is FindingCode.STARTING:
        return not finding.sources or not sources.isdisjoint(finding.sources)
    if finding.code is FindingCode.WORKER_SILENT:
        return code in NEEDS_THE_WORKER
    stands_before = finding.code is FindingCode.SOURCE_UNREACHABLE or (
        finding.code is FindingCode.CREDENTIALS and finding.severity is Severity.ERROR
    )
    return stands_before and not sources.isdisjoint(finding.sources)


def _topic(finding: Finding, source: str, interval_s: float) -> Topic:
    since = finding.since
    if since is not None and finding.code is FindingCode.WORKER_SILENT:
        since -= timedelta(
            seconds=interval_s
        )  # its start is the time when the missing stamp was due
    return Topic(
        code=finding.code,
        source=source,
        severity=finding.severity,
        sources=(source,) if source else tuple(finding.sources),
        title=finding.title,
        remedy=finding.remedy,
        runbook=finding.runbook,
        since=since,
        related=_related(finding),
    )


def _related(finding: Finding) -> frozenset[str]:
    """Return the keys of the topics of an AWS identity that does not answer, else none.

    All stores away are one finding too, but alert again after one of them has: that is news.
    """
    is_identity = finding.sources[:1] == [IDENTITY]
    if finding.code is not FindingCode.SOURCE_UNREACHABLE or not is_identity:
        return frozenset()
    return frozenset(key(finding.code, source) for source in finding.sources)
