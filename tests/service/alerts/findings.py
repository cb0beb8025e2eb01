"""Create findings for tests, in one line each."""

from datetime import UTC, datetime, timedelta

from schema.findings import Finding, FindingCode, Severity

NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)


def finding(
    code: FindingCode,
    *sources: str,
    severity: Severity = Severity.ERROR,
    since: datetime | None = None,
    title: str | None = None,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        sources=list(sources),
        since=since,
        title=title or f"{code} of {', '.join(sources)}",
        remedy=f"Mend {code}.",
        runbook=code,
    )


def unreachable(*sources: str, since: datetime | None = None) -> list[Finding]:
    return [finding(FindingCode.SOURCE_UNREACHABLE, each, since=since) for each in sources]


def not_written(*sources: str, since: datetime | None = None) -> list[Finding]:
    return [finding(FindingCode.SOURCE_NOT_WRITTEN, each, since=since) for each in sources]


def silent(*sources: str, since: datetime | None = None) -> list[Finding]:
    return [finding(FindingCode.WORKER_SILENT, *sources, since=since)]


def refused(*sources: str) -> list[Finding]:
    return [finding(FindingCode.CREDENTIALS, "iam", *sources)]


def unproved(*sources: str) -> list[Finding]:
    return [finding(FindingCode.SOURCE_UNREACHABLE, "iam", *sources)]


def starting(*sources: str) -> list[Finding]:
    return [finding(FindingCode.STARTING, *sources, severity=Severity.DEGRADED)]


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)
