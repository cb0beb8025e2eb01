"""Example documents of `/alerts`."""

from datetime import timedelta
from uuid import UUID

from schema.alerts import AlertMute, Alerts, AlertTarget, EventKind, OpenAlert, RecentAlertEvent
from schema.findings import FindingCode, Severity
from tests.web.documents import NOW

ALERT = UUID("1759f2a4-f79d-5a22-8172-cfe07768fcd8")
BEGAN = NOW - timedelta(minutes=10)
ABOUT = {
    "code": FindingCode.SOURCE_UNREACHABLE,
    "severity": Severity.ERROR,
    "sources": ["valkey"],
    "title": "Valkey cannot be read (timeout)",
    "began": BEGAN,
    "ended": None,
}


def alerts(**changes: object) -> Alerts:
    """Return a deployment's alerts: one is open, and everything is muted."""
    target = AlertTarget(
        kind="slack",
        name="slack no. 1",
        severity=Severity.DEGRADED,
        waiting=2,
        waiting_since=NOW - timedelta(minutes=3),
        dead=1,
        errors=["throttled"],
        last_delivery=NOW,
    )
    alert = OpenAlert.model_validate(
        {
            **ABOUT,
            "id": ALERT,
            "remedy": None,
            "runbook": "source_unreachable",
            "opened": BEGAN,
            "rang": NOW - timedelta(minutes=8),
            "muted": False,
        }
    )
    mute = AlertMute(
        id=ALERT, sources=[], reason="<b>new disk", began=BEGAN, until=NOW + timedelta(hours=2)
    )
    news = RecentAlertEvent.model_validate(
        {**ABOUT, "kind": EventKind.OPENED, "alert_id": ALERT, "at": BEGAN, "delivered": None}
    )
    fields = {
        "enabled": True,
        "decides": True,
        "working": True,
        "page_url": None,
        "targets": [target],
        "open": [alert],
        "mutes": [mute],
        "recent": [news],
    }
    return Alerts.model_validate(fields | changes)
