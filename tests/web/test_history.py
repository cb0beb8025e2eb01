import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from schema.errors import ErrorWord
from tests.web.answers import Answers
from tests.web.browser import let_pass
from tests.web.documents import NOW, status
from tests.web.past import LASTING, OVER, Outage, ago


def strip(page: Page, name: str) -> Locator:
    return page.locator(f"[data-history={name}]")


@pytest.mark.usefixtures("answers")
def test_each_source_has_a_strip_of_a_day_and_its_uptime(page: Page, address: str) -> None:
    page.goto(address)

    expect(page.locator(".strip h3")).to_have_text(["PostgreSQL", "Valkey", "AWS Secrets Manager"])
    expect(page.get_by_role("heading", name="Last 24 hours")).to_be_visible()
    have_bars(page, 96)
    for name, share in {"valkey": "99.57 %", "postgres": "100 %"}.items():
        expect(strip(page, name).locator("dd")).to_have_text([share])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("7d", ("Last 7 days", 84, "2026-11-17 04:00")),
        ("30d", ("Last 30 days", 30, "2026-10-26 00:00")),
        ("90d", ("Last 90 days", 90, "2026-08-27 00:00")),
        ("1y", ("Last year", 53, "2025-11-24 00:00")),
    ],
)
def test_the_range_is_kept_in_the_address(
    page: Page, answers: Answers, address: str, name: str, expected: tuple[str, int, str]
) -> None:
    title, bars, first = expected
    page.goto(f"{address}?tz=UTC")
    page.get_by_role("link", name=name.replace("1y", "1 y").replace("d", " d")).click()

    expect(page).to_have_url(f"{address}?tz=UTC&range={name}")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    have_bars(page, bars)
    expect(page.locator("#ends span").first).to_have_text(first)
    page.reload()
    have_bars(page, bars)
    page.go_back()
    have_bars(page, 96)
    assert len([url for url in answers.history_requests if f"range={name}" in url]) == 2


def test_an_invalid_range_in_the_address_shows_a_day(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(f"{address}?range=forever&from=now&to=then")

    have_bars(page, 96)
    assert [url.partition("?")[2] for url in answers.history_requests] == ["range=24h"]


def test_history_is_requested_again_only_when_it_is_old(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    expect(page.locator(".strip")).to_have_count(3)

    let_pass(page, 298, step_s=9)
    assert len(answers.history_requests) == 1
    with page.expect_request("**/history?*"):
        let_pass(page, 3)


def test_refresh_renews_history_and_incidents(page: Page, answers: Answers, address: str) -> None:
    page.goto(address)
    expect(page.locator("#incidents li")).to_have_count(1)

    answers.outages = [*OVER, LASTING]
    page.get_by_role("button", name="Refresh").click()
    page.clock.run_for(1000)

    expect(page.locator("#incidents li")).to_have_count(2)


def test_unknown_time_and_the_first_beat_are_shown_beside_the_uptime(
    page: Page, answers: Answers, address: str
) -> None:
    answers.first = NOW.replace(second=0, microsecond=0) - timedelta(minutes=4)
    page.goto(f"{address}?range=90d")
    expect(strip(page, "valkey").locator("dd")).to_have_text(["100 %", "since 02:56 UTC"])

    answers.first = NOW - timedelta(days=399)
    answers.away = (NOW - timedelta(days=1), NOW - timedelta(hours=21.5))
    page.goto(address)
    expect(strip(page, "valkey").locator("dd")).to_have_text(["99.53 %", "of 90 % known"])


def test_up_failed_and_unknown_differ_in_height_too(
    page: Page, answers: Answers, address: str
) -> None:
    answers.away = (NOW - timedelta(days=1), NOW - timedelta(hours=21))
    page.goto(address)

    def height(kind: str, which: int = 0) -> float:
        bars = strip(page, "valkey").locator(f".slots path.{kind}").get_attribute("d") or ""
        return 16 - float(re.findall(r"M[\d.]+ ([\d.]+)h", bars)[which])

    assert height("failed") == 16
    assert height("ok", 20) == 12
    assert height("unknown") == 3


def test_the_keyboard_reads_a_bars_time_counts_and_latency(
    page: Page, answers: Answers, address: str
) -> None:
    answers.outages = [Outage("valkey", ago(25), ago(20), ErrorWord.TIMEOUT)]
    page.goto(address)
    slider = page.get_by_role("slider", name="Valkey: Last 24 hours")

    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")

    text = re.compile(r"02:30 to 02:45 UTC: 10 written, 5 failed, p50 [\d.]+.ms, p95 [\d.]+.ms")
    expect(slider).to_have_attribute("aria-valuetext", text)
    expect(strip(page, "valkey").locator(".readout")).to_have_text(text)
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile("2026-11-23 03:15 to 03:30 UTC: 15 written")
    )
    slider.blur()
    expect(strip(page, "valkey").locator(".readout")).to_be_empty()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("7d", "2026-11-23 22:00 to 2026-11-24 00:00 UTC: 120 written"),
        ("30d", "2026-11-22: 1440 written"),
        ("1y", "2026-11-09 to 2026-11-15: 10080 written"),
    ],
)
@pytest.mark.usefixtures("answers")
def test_a_bar_names_its_day_or_week(page: Page, address: str, name: str, text: str) -> None:
    page.goto(f"{address}?range={name}")
    slider = page.get_by_role("slider", name=re.compile("PostgreSQL"))

    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")

    expect(slider).to_have_attribute("aria-valuetext", re.compile(text))


@pytest.mark.usefixtures("answers")
def test_the_pointer_reads_the_same_from_a_bar(page: Page, address: str) -> None:
    page.goto(address)
    bars = strip(page, "postgres").locator(".bars")

    box = bars.bounding_box()
    assert box is not None
    bars.hover(position={"x": box["width"] * 94.5 / 96, "y": 5})

    expect(strip(page, "postgres").locator(".readout")).to_contain_text(
        "02:45 to 03:00 UTC: 15 written"
    )
    page.mouse.move(0, 0)
    expect(strip(page, "postgres").locator(".readout")).to_be_empty()


def have_bars(page: Page, count: int) -> None:
    bars = strip(page, "valkey").locator(".bars")
    expect(bars).to_have_attribute("aria-valuemax", str(count - 1))
    drawn = "all => all.map(path => path.getAttribute('d').split('M').length - 1)"
    kinds = strip(page, "valkey").locator(".slots path:not(.chosen)").evaluate_all(drawn)
    assert sum(kinds) >= count  # one that failed in part is drawn in two


def bar_at(page: Page, name: str, share: float) -> dict[str, float]:
    box = strip(page, name).locator(".slots").bounding_box()
    assert box is not None
    return {"x": box["width"] * share, "y": 5}


def test_a_click_on_a_bar_opens_that_span_down_to_the_beats_of_an_hour(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(f"{address}?range=30d")
    have_bars(page, 30)

    strip(page, "valkey").locator(".slots").click(position=bar_at(page, "valkey", 28.5 / 30))  # type: ignore[arg-type] # a dict of Playwright's own type
    expect(page).to_have_url(
        f"{address}?range=30d&from=2026-11-23T00%3A00%3A00Z&to=2026-11-24T00%3A00%3A00Z"
    )
    expect(page.get_by_role("heading", name="2026-11-23 00:00 to 2026-11-24")).to_be_visible()
    have_bars(page, 24)

    strip(page, "valkey").locator(".slots").click(position=bar_at(page, "valkey", 19.5 / 24))  # type: ignore[arg-type] # as above
    expect(page.get_by_role("heading", name="2026-11-23 19:00 to 20:00 UTC")).to_be_visible()
    have_bars(page, 60)
    failed = strip(page, "valkey").locator(".slots path.failed").get_attribute("d") or ""
    assert failed.count("M") == 6
    expect(page.locator("#incidents li")).to_have_count(1)

    page.get_by_role("link", name="Back to 30 d").click()
    have_bars(page, 30)
    assert "buckets=60" in answers.history_requests[2]


@pytest.mark.usefixtures("answers")
def test_a_bar_of_minutes_opens_its_hour_and_the_keyboard_opens_too(
    page: Page, address: str
) -> None:
    page.goto(address)
    slider = page.get_by_role("slider", name="Valkey: Last 24 hours")

    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="2026-11-23 03:00 to 04:00 UTC")).to_be_visible()


@pytest.mark.usefixtures("answers")
def test_the_first_tap_reads_a_bar_and_the_second_opens_it(browser: Browser, address: str) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.clock.install(time=NOW)
    Answers(page, status())
    page.goto(address)
    slots = strip(page, "valkey").locator(".slots")
    slots.scroll_into_view_if_needed()

    slots.tap(position=bar_at(page, "valkey", 10.5 / 96))  # type: ignore[arg-type] # as above
    expect(strip(page, "valkey").locator(".bars")).to_have_attribute("aria-valuenow", "10")
    expect(page.get_by_role("heading", name="Last 24 hours")).to_be_visible()
    slots.tap(position=bar_at(page, "valkey", 10.5 / 96))  # type: ignore[arg-type] # as above
    expect(page.get_by_role("heading", name="2026-11-23 05:00 to 06:00 UTC")).to_be_visible()
    context.close()


@pytest.mark.usefixtures("answers")
def test_latency_is_a_curve_with_its_scale(page: Page, address: str) -> None:
    page.goto(address)

    expect(strip(page, "postgres").locator(".scale")).to_have_text("p95 up to 2 ms")
    for kind in ("band", "median"):
        path = strip(page, "postgres").locator(f"path.{kind}")
        expect(path).to_have_attribute("d", re.compile(r"^M0.5 [\d.]+L2 [\d.]+L"))


def test_a_history_that_fails_to_load_breaks_nothing_else(
    page: Page, answers: Answers, address: str
) -> None:
    answers.incidents = False
    missing = {"error": "not_found", "message": "nothing here"}
    page.route("**/history?*", lambda route: route.fulfill(status=404, json=missing))
    page.goto(address)

    expect(page.locator("#history-note")).to_have_text("History is not available now.")
    expect(page.locator("#incidents-note")).to_have_text("Incidents are not available now.")
    expect(page.locator(".history")).to_have_css("min-height", "0px")  # no space for no strips
    expect(page.locator("body")).to_have_attribute("data-tone", "ok")


def test_old_history_stays_with_its_date_while_no_newer_can_be_loaded(
    page: Page, answers: Answers, address: str
) -> None:
    page.goto(address)
    expect(page.locator("#incidents li")).to_have_count(1)

    answers.incidents = False
    away = {"error": "timeout", "message": "history is kept in PostgreSQL"}
    page.route("**/history?*", lambda route: route.fulfill(status=503, json=away))
    page.get_by_role("button", name="Refresh").click()
    page.clock.run_for(1000)

    expect(page.locator("#history-note")).to_have_text(
        "History is not available now. This is as of 03:00 UTC."
    )
    expect(page.locator("#incidents-note")).to_have_text(
        "Incidents are not available now. These are as of 03:00 UTC."
    )
    expect(page.locator("#incidents li")).to_have_count(1)
    expect(page.locator(".strip")).to_have_count(3)
