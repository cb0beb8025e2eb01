"""What a look finds, sorted by what alerts are about, and what hides what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schema.findings import Finding, FindingCode, Severity

WHOLE = frozenset({FindingCode.WORKER_SILENT, FindingCode.CREDENTIALS, FindingCode.OUT_OF_STEP})
"""Findings about one thing, whatever sources suffer from it. All others are about each source."""

NEEDS_THE_WORKER = frozenset(
    {FindingCode.SOURCE_NOT_WRITTEN, FindingCode.QUOTA, FindingCode.OUT_OF_STEP}
)
"""Of these nothing can be known while the worker is silent."""

RANK = {Severity.DEGRADED: 0, Severity.ERROR: 1}
"""How grave each is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """One thing that an alert can be about, as one look saw it.

    Attributes:
        code: What kind of thing is wrong.
        source: Where; empty if it is not about one source.
        severity: How grave it is.
        sources: All that suffer from it.
        title: What is wrong.
        remedy: What to do.
        runbook: Where the runbook tells of it.
        since: When it began, None if that is not known.
    """

    code: FindingCode
    source: str
    severity: Severity
    sources: tuple[str, ...]
    title: str
    remedy: str | None
    runbook: str
    since: datetime | None

    @property
    def key(self) -> str:
        """Tell it from all others."""
        return key(self.code, self.source)


def key(code: FindingCode, source: str) -> str:
    """Name a topic."""
    return f"{code}/{source}"


def graver(one: Severity, other: Severity) -> bool:
    """Whether the first is graver than the second."""
    return RANK[one] > RANK[other]


def topics(findings: Sequence[Finding], interval_s: float) -> dict[str, Topic]:
    """Sort findings into topics, by key; of two about the same thing the graver stays."""
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
    """Whether nothing can be known of a topic now, because of what else is wrong.

    A silent worker says nothing of what it writes; a store that cannot be read says nothing of
    itself; a refused identity stands for all that needs it. Then a topic that no look sees is not
    over.
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
        since -= timedelta(seconds=interval_s)  # it says when the missing stamp was due
    return Topic(
        code=finding.code,
        source=source,
        severity=finding.severity,
        sources=(source,) if source else tuple(finding.sources),
        title=finding.title,
        remedy=finding.remedy,
        runbook=finding.runbook,
        since=since,
    )
