"""The alerts panel: open alerts, mutes, and targets."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.alert_documents import alerts
from tests.web.answers import Answers


def test_open_alerts_mutes_and_targets_are_shown(
    page: Page, answers: Answers, address: str
) -> None:
    answers.alerts = alerts()
    page.goto(address)

    items = page.locator("#alerts-list > li")
    expect(items).to_have_count(3)
    expect(items.nth(0)).to_contain_text("Valkey cannot be read (timeout)")
    expect(items.nth(0)).to_contain_text(re.compile(r"sent at 02:52.UTC"))
    expect(items.nth(1)).to_contain_text("Muted: everything <b>new disk")
    expect(items.nth(1)).to_contain_text(re.compile(r"until 05:00:12.UTC"))
    expect(items.nth(2)).to_contain_text("slack no. 1")
    expect(items.nth(2)).to_contain_text("2 waiting (throttled) · 1 given up (throttled)")


def test_the_panel_is_hidden_where_no_targets_are_configured(
    page: Page, answers: Answers, address: str
) -> None:
    answers.alerts = alerts(enabled=False)
    page.goto(address)

    expect(page.locator("#incidents > li").first).to_be_visible()
    expect(page.locator("#alerts")).to_be_hidden()


@pytest.mark.parametrize(
    ("working", "note"), [(True, "No open alerts."), (False, "Alerts are not evaluated")]
)
def test_the_note_shows_whether_alerts_are_evaluated(
    page: Page, answers: Answers, address: str, working: bool, note: str
) -> None:
    answers.alerts = alerts(open=[], working=working)
    page.goto(address)

    expect(page.locator("#alerts-note")).to_contain_text(note)
