"""The page works on a wall display, in print, without scripts, and in other time zones."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import past
from tests.web.answers import Answers
from tests.web.documents import NOW
from tests.web.screenshots import SCENES

ACROSS_A_ROOM_PX = 64  # 17 mm at 96 dpi, read from about five metres


def pixels(page: Page, selector: str) -> float:
    """Return an element's font size in pixels."""
    size = "(it) => parseFloat(getComputedStyle(it).fontSize)"
    return float(page.locator(selector).first.evaluate(size))


@pytest.mark.parametrize("scripts", ["blocked by the viewer", "not found"])
def test_without_scripts_a_static_text_explains_what_did_not_load(
    browser: Browser, address: str, scripts: str
) -> None:
    context = browser.new_context(java_script_enabled=scripts == "not found")
    page = context.new_page()
    page.route("**/*.js", lambda route: route.fulfill(status=404))

    page.goto(address)

    expect(page.locator("#unloaded")).to_be_visible()
    expect(page.locator("#unloaded")).to_contain_text("scripts did not load")
    expect(page.get_by_role("link", name="/worker/status")).to_be_visible()
    expect(page.locator("table")).to_be_hidden()
    context.close()


ZONES = {  # with the local time beside UTC
    "UTC": "",
    "America/St_Johns": "Mon, 23:30:00",
    "Asia/Kathmandu": "08:45:00",
    "Pacific/Auckland": "16:00:00",
    "Mars/Olympus": "04:00:00",  # unknown: the viewer's own
}


@pytest.mark.usefixtures("answers")
def test_the_address_chooses_the_zone_beside_utc(page: Page, address: str) -> None:
    for zone, local in ZONES.items():
        page.goto(f"{address}?tz={zone}")

        row = page.locator("[data-source=postgres]")
        expect(row.locator("[data-part=utc]")).to_have_text("03:00:00 UTC")
        shown = row.locator("[data-part=local]")
        expect(shown).to_contain_text(local) if local else expect(shown).to_be_empty()


@pytest.mark.parametrize("wrong", [timedelta(minutes=10), timedelta(minutes=-10)])
def test_a_viewers_clock_ten_minutes_off_changes_no_age_and_no_verdict(
    page: Page, answers: Answers, address: str, wrong: timedelta
) -> None:
    answers.outages = [past.LASTING]
    page.clock.set_system_time(NOW + wrong)
    page.goto(address)

    expect(page.locator("body")).to_have_attribute("data-tone", "ok")
    expect(page.locator("[data-source=postgres] .age")).to_have_text("12 s ago")
    expect(page.locator("#incidents .length").first).to_have_text("4 min so far")
    expect(page.locator("#clock")).to_contain_text("server 03:00:12 UTC")


@pytest.mark.usefixtures("answers")
def test_a_wall_shows_the_verdict_and_the_stores_readable_across_a_room(
    page: Page, answers: Answers, address: str
) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{address}?wall=1")

    expect(page.locator("[data-source]")).to_have_count(4)
    for hidden in (".history", "#incidents-title", "footer", "#refresh", ".endpoint"):
        expect(page.locator(hidden).first).to_be_hidden()
    assert pixels(page, "h1") >= ACROSS_A_ROOM_PX
    assert pixels(page, ".age") >= ACROSS_A_ROOM_PX
    assert answers.history_requests == []  # the history is not shown


@pytest.mark.parametrize("scene", ["wall", "wall-healthy", "wall-twelve"])
def test_a_wall_fits_its_screen(page: Page, answers: Answers, address: str, scene: str) -> None:
    SCENES[scene].stage(answers)
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{address}?wall=1")
    expect(page.locator("[data-source]").first).to_be_visible()

    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert page.evaluate(size) == [1920, 1080]


@pytest.mark.usefixtures("answers")
def test_a_print_is_white_and_has_no_buttons(page: Page, address: str) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(address)
    expect(page.locator(".strip")).to_have_count(3)

    for hidden in ("#refresh", ".ranges", ".acts", ".link"):
        expect(page.locator(hidden).first).to_be_hidden()
    for shown in ("h1", "table", ".strip", "#incidents > li", "#clock"):
        expect(page.locator(shown).first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
