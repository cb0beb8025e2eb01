"""Create events as receivers get them."""

from datetime import timedelta
from uuid import UUID, uuid4

from schema.alerts import AlertEvent, EventKind
from schema.findings import FindingCode, Severity
from tests.service.alerts.findings import NOW

ALERT = UUID("0b0e5c1e-0000-4000-8000-000000000001")


def event(
    kind: EventKind = EventKind.OPENED,
    *,
    alert: UUID = ALERT,
    severity: Severity = Severity.ERROR,
    page: bool = True,
) -> AlertEvent:
    return AlertEvent(
        id=uuid4(),
        kind=kind,
        alert_id=alert,
        alert_key="heartbeat:shop:source_unreachable:postgres",
        at=NOW,
        deployment="shop",
        severity=severity,
        code=FindingCode.SOURCE_UNREACHABLE,
        sources=["postgres"],
        title="PostgreSQL cannot be read (timeout)",
        remedy="Check whether it runs.",
        runbook="source_unreachable",
        began=NOW - timedelta(minutes=2),
        ended=NOW - timedelta(seconds=30) if kind is EventKind.RESOLVED else None,
        page_url="https://status.example.com" if page else None,
        runbook_url="https://status.example.com/docs/runbook#source_unreachable" if page else None,
    )
