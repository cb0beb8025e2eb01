"""The panel of alerts: who is told, of what, and what waits."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from schema.alerts import AlertMute, AlertNews, Alerts, AlertTarget, EventKind, OpenAlert
from schema.findings import FindingCode, Severity
from tests.web import documents
from tests.web.answers import Answers
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


def told(**changes: object) -> Alerts:
    """The document of a deployment that tells somebody."""
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
    news = AlertNews.model_validate(
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


def opened(page: Page, address: str, document: Alerts) -> None:
    Answers(page, documents.status())
    page.route("**/alerts", lambda route: route.fulfill(json=document.model_dump(mode="json")))
    page.goto(address)


def test_open_alerts_mutes_and_targets_are_shown(page: Page, address: str) -> None:
    opened(page, address, told())

    items = page.locator("#alerts-list > li")
    expect(items).to_have_count(3)
    expect(items.nth(0)).to_contain_text("Valkey cannot be read (timeout)")
    expect(items.nth(0)).to_contain_text(re.compile(r"told at 02:52.UTC"))
    expect(items.nth(1)).to_contain_text("Muted: everything <b>new disk")
    expect(items.nth(1)).to_contain_text(re.compile(r"until 05:00:12.UTC"))
    expect(items.nth(2)).to_contain_text("slack no. 1")
    expect(items.nth(2)).to_contain_text("2 waiting (throttled) · 1 given up (throttled)")


def test_nothing_is_shown_where_nobody_is_told(page: Page, address: str) -> None:
    opened(page, address, told(enabled=False))

    expect(page.locator("#incidents > li").first).to_be_visible()
    expect(page.locator("#alerts")).to_be_hidden()


@pytest.mark.parametrize(("working", "said"), [(True, "None is open."), (False, "Nobody decides")])
def test_the_note_says_whether_it_works(page: Page, address: str, working: bool, said: str) -> None:
    opened(page, address, told(open=[], working=working))

    expect(page.locator("#alerts-note")).to_contain_text(said)
