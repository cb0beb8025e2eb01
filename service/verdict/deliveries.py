"""A rule on alerts: deliveries that fail."""

from schema.findings import Finding, FindingCode, Severity
from service.verdict.situation import Situation

CHECK = (
    "Check the target's address and key in ALERT_TARGETS, and send a test: "
    "`python -m service alerts test`."
)


def undelivered(situation: Situation) -> list[Finding]:
    """Find targets that alerts do not reach, and alerts that cannot be decided."""
    names = [f"{each.target} ({each.word})" for each in situation.undelivered if each.target]
    found = [(f"Alerts do not reach {', '.join(names)}", CHECK)] if names else []
    if any(each.target is None for each in situation.undelivered):
        found.append(("No instance decides on alerts", "Read the log of the API: `alerts_defect`."))
    return [
        Finding(
            code=FindingCode.ALERTS_NOT_DELIVERED,
            severity=Severity.DEGRADED,
            sources=[],
            since=None,
            title=title,
            remedy=remedy,
            runbook=FindingCode.ALERTS_NOT_DELIVERED,
        )
        for title, remedy in found
    ]
