"""The texts of alerts."""

from datetime import timedelta

import pytest

from schema.alerts import EventKind
from schema.findings import Severity
from service.alerts.words import html, plain, span, subject
from tests.service.alerts.events import event


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (EventKind.OPENED, "shop: PostgreSQL cannot be read (timeout)"),
        (EventKind.ESCALATED, "shop: Now an error: PostgreSQL cannot be read (timeout)"),
        (EventKind.REMINDED, "shop: Still, for 2 min: PostgreSQL cannot be read (timeout)"),
        (
            EventKind.RESOLVED,
            "shop: Resolved after 1 min 30 s: PostgreSQL cannot be read (timeout)",
        ),
    ],
)
def test_the_subject_names_the_deployment_and_the_state(kind: EventKind, expected: str) -> None:
    assert subject(event(kind)) == expected


def test_a_degraded_finding_is_called_degraded() -> None:
    degraded = event(severity=Severity.DEGRADED)

    assert subject(degraded) == "shop: Degraded: PostgreSQL cannot be read (timeout)"


def test_the_body_contains_the_start_the_remedy_and_the_address() -> None:
    assert plain(event()).splitlines() == [
        "PostgreSQL cannot be read (timeout)",
        "Since: 2026-11-24 21:58:00 UTC",
        "What to do: Check whether it runs.",
        "Page: https://status.example.com",
        "Runbook: https://status.example.com/docs/runbook#source_unreachable",
    ]


def test_without_an_address_the_runbooks_place_in_the_repository_is_named() -> None:
    lines = plain(event(page=False)).splitlines()

    assert lines[-1] == "Runbook: docs/runbook.md#source_unreachable"
    assert not any(line.startswith("Page") for line in lines)


def test_a_resolved_alert_contains_no_remedy() -> None:
    text = plain(event(EventKind.RESOLVED))

    assert "What to do" not in text
    assert "Until: 2026-11-24 21:59:30 UTC" in text


def test_html_is_escaped_and_links() -> None:
    odd = event().model_copy(update={"title": "<b>&"})

    assert "<b>&lt;b&gt;&amp;</b>" in html(odd)
    assert '<a href="https://status.example.com">' in html(odd)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        *[(0, "0 s"), (-5, "0 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h")],
        *[(3660, "1 h 1 min"), (90061, "1 d 1 h"), (86400 * 2 + 59, "2 d")],
    ],
)
def test_spans_have_two_units_at_most(seconds: float, expected: str) -> None:
    assert span(timedelta(seconds=seconds)) == expected
