import re

import pytest
from playwright.sync_api import Page, expect

from schema.errors import ErrorWord
from schema.responses import DiagnosisCode, Overall, WorkerStatus
from tests.web.answers import Answers
from tests.web.browser import open_and_be_told
from tests.web.documents import HEALTHY, off, status, unreachable

TIMEOUT = (
    "PostgreSQL cannot be read (timeout): see whether it is overloaded. "
    "Also: The client certificate ends on 2026-12-01: run `pulumi up`."
)


def failing() -> WorkerStatus:
    return status(
        ("postgres", unreachable("postgres")),
        overall=Overall.ERROR,
        code=DiagnosisCode.SOURCE_UNREACHABLE,
        message=TIMEOUT,
        since_s=252,
    )


@pytest.mark.parametrize(
    ("overall", "title"),
    [
        (Overall.OK, "✓ Heartbeat"),
        (Overall.DEGRADED, "△ credentials · Heartbeat"),
        (Overall.ERROR, "✕ credentials · Heartbeat"),
    ],
)
def test_colour_shape_title_and_icon_carry_the_verdict(
    page: Page, answers: Answers, address: str, overall: Overall, title: str
) -> None:
    icons = {"ok": "178a57", "degraded": "d08700", "error": "cf2b24"}
    answers.status = status(overall=overall, code=DiagnosisCode.CREDENTIALS)

    page.goto(address)

    expect(page.locator("body")).to_have_attribute("data-tone", overall)
    expect(page).to_have_title(title)
    expect(page.locator("h1")).to_have_text(HEALTHY)
    icon = page.locator("link[rel=icon]").get_attribute("href")
    assert icon is not None
    assert icon.startswith("data:image/svg+xml,")
    assert icons[overall] in icon


def test_the_apis_sentence_is_told_whole_its_finding_in_large(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = failing()

    page.goto(address)

    expect(page.locator("h1")).to_have_text("PostgreSQL cannot be read (timeout)")
    expect(page.locator("#details p")).to_have_text(
        [
            "See whether it is overloaded.",
            "The client certificate ends on 2026-12-01: run `pulumi up`.",
        ]
    )
    expect(page.locator("#since")).to_have_text("Since 02:56:00 UTC, 4 min ago")


def test_a_change_of_verdict_is_announced_and_a_tick_is_not(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    region = page.get_by_role("status")
    expect(region).to_have_text(HEALTHY)
    page.evaluate(
        "() => { window.told = []; new MutationObserver(() => window.told.push("
        "document.querySelector('[role=status]').textContent))"
        ".observe(document.querySelector('[role=status]'), {childList: true}) }"
    )

    page.clock.run_for(40_000)
    answers.push(failing())
    page.clock.run_for(40_000)

    assert page.evaluate("window.told") == ["PostgreSQL cannot be read (timeout)"]


def test_the_healthy_minutes_moment_of_aging_rings_no_bell(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = status(age_s=59.0)
    open_and_be_told(page, address)

    page.clock.run_for(3000)

    expect(page.locator("[data-source=postgres]")).to_have_attribute("data-freshness", "aging")
    expect(page.locator("body")).to_have_attribute("data-tone", "ok")
    expect(page).to_have_title("✓ Heartbeat")


def test_rows_that_go_stale_under_a_good_verdict_take_it_back(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = status(("valkey", off("valkey")), age_s=60.0)
    open_and_be_told(page, address)

    page.clock.run_for(36_000)

    expect(page.locator("body")).to_have_attribute("data-tone", "error")
    expect(page.locator("h1")).to_have_text(
        re.compile(r"^PostgreSQL, AWS Secrets Manager: no new stamp for 9[5-7] s$")
    )


def test_what_is_wrong_is_never_told_by_colour_alone(
    page: Page, answers: Answers, address: str
) -> None:
    answers.status = status(("postgres", unreachable("postgres", ErrorWord.TLS)))
    page.goto(address)

    shapes = page.locator("[data-source] use").evaluate_all("all => all.map(u => u.href.baseVal)")
    assert shapes == ["#shape-unreachable", "#shape-fresh", "#shape-fresh", "#shape-fresh"]
