from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from schema.errors import ErrorWord
from tests.web.answers import Answers
from tests.web.documents import NOW
from tests.web.past import LASTING, OVER, Outage, ago


def strip(page: Page, name: str) -> Locator:
    return page.locator(f"[data-history={name}]")


@pytest.mark.usefixtures("answers")
def test_each_source_has_a_strip_of_a_day_and_its_uptimes(page: Page, address: str) -> None:
    page.goto(address)

    expect(page.locator(".strip h3")).to_have_text(["PostgreSQL", "Valkey", "AWS Secrets Manager"])
    expect(strip(page, "valkey").locator("g")).to_have_count(96)
    expect(strip(page, "valkey").locator("dt")).to_have_text(["24 h", "7 d", "30 d", "90 d"])
    for name, shares in {
        "valkey": ["99.58 %", "99.94 %", "99.98 %", "99.99 %"],
        "postgres": ["100 %", "99.88 %", "99.97 %", "99.99 %"],
        "secrets_manager": ["100 %"] * 4,
    }.items():
        expect(strip(page, name).locator("dd:not(:empty)")).to_have_text(shares)


def test_up_failed_and_unknown_differ_in_height_too(
    page: Page, answers: Answers, address: str
) -> None:
    answers.away = (NOW - timedelta(days=1), NOW - timedelta(hours=21.5))
    page.goto(address)

    def height(kind: str) -> float:
        bar = strip(page, "valkey").locator(f"rect.{kind}").first
        return 16 - float(bar.get_attribute("y") or "nan")

    assert height("failed") == 16
    assert height("ok") == 12
    assert height("unknown") == 3
    expect(strip(page, "valkey").locator("dl")).to_contain_text("of 89 % known")


def test_a_bar_tells_its_time_counts_and_latency_to_the_keyboard(
    page: Page, answers: Answers, address: str
) -> None:
    answers.outages = [Outage("valkey", ago(25), ago(20), ErrorWord.TIMEOUT)]
    page.goto(address)
    slider = page.get_by_role("slider", name="Valkey, the last 24 hours")

    slider.focus()
    page.keyboard.press("ArrowLeft")

    said = "02:30 to 02:45 UTC: 10 written, 5 failed, p50 0.31 ms, p95 0.71 ms"
    expect(slider).to_have_attribute("aria-valuetext", said)
    expect(strip(page, "valkey").locator(".readout")).to_have_text(said)
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    expect(slider).to_have_attribute(
        "aria-valuetext", "2026-11-23 03:00 to 03:15 UTC: 15 written, p50 0.31 ms, p95 0.71 ms"
    )
    slider.blur()
    expect(strip(page, "valkey").locator(".readout")).to_be_empty()


@pytest.mark.usefixtures("answers")
def test_a_bar_tells_the_same_to_the_pointer(page: Page, address: str) -> None:
    page.goto(address)
    bars = strip(page, "postgres").locator(".bars")

    box = bars.bounding_box()
    assert box is not None
    bars.hover(position={"x": box["width"] - 2, "y": 5})

    expect(strip(page, "postgres").locator(".readout")).to_contain_text(
        "02:45 to 03:00 UTC: 14 written"
    )
    page.mouse.move(0, 0)
    expect(strip(page, "postgres").locator(".readout")).to_be_empty()


def test_incidents_are_listed_the_lasting_one_first(
    page: Page, answers: Answers, address: str
) -> None:
    answers.outages = [*OVER, LASTING]
    page.goto(address)

    expect(page.locator("#incidents li")).to_have_text(
        [
            "Valkey: timeoutsince 02:56:00 UTC, for 4 min so far4 beats missed",
            "Valkey: unreachable2026-11-23 19:40:00 UTC, for 6 min6 beats missed",
            "PostgreSQL: read only2026-11-21 00:48:00 UTC, for 12 min12 beats missed",
        ]
    )
    expect(page.locator("#incidents-note")).to_be_hidden()


def test_a_history_that_cannot_be_had_breaks_nothing(
    page: Page, answers: Answers, address: str
) -> None:
    answers.incidents = False
    missing = {"error": "not_found", "message": "nothing here"}
    page.route("**/history?*", lambda route: route.fulfill(status=404, json=missing))
    page.goto(address)

    expect(page.locator("#history-note")).to_have_text("History is not available now.")
    expect(page.locator("#incidents-note")).to_have_text("Incidents are not available now.")
    expect(page.locator("body")).to_have_attribute("data-tone", "ok")
