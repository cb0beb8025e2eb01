import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from schema.heartbeat import IDENTITY
from service.api.headers import SECURITY
from tests.web.answers import Answers
from tests.web.screenshots import SCENES

WEB = Path(__file__).parent.parent.parent / "web"
LIMIT_BYTES = 44_000  # of everything, compressed


def test_the_whole_page_is_under_forty_four_kilobytes_compressed() -> None:
    assert sum(len(gzip.compress(file.read_bytes())) for file in WEB.iterdir()) < LIMIT_BYTES


@pytest.mark.usefixtures("answers")
def test_the_page_loads_nothing_from_other_origins_and_nothing_inline(
    page: Page, address: str
) -> None:
    urls: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))

    page.goto(address)

    expect(page.locator(".strip")).to_have_count(3)
    assert all(url.startswith((address, "data:")) for url in urls)
    assert complaints == []  # the browser enforces the policy, and would say what it refused
    assert "unsafe-inline" not in SECURITY["Content-Security-Policy"]


def test_only_the_client_talks_to_the_network_and_no_text_becomes_markup() -> None:
    for file in WEB.glob("*.js"):
        code = file.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", code), file
        if file.name != "client.js":
            assert not re.search(r"\bfetch\(|WebSocket|XMLHttpRequest|EventSource", code), file


@pytest.mark.usefixtures("answers")
def test_a_fault_of_the_page_is_shown(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("alert")).to_be_hidden()

    fault = "dispatchEvent(new ErrorEvent('error', { message: 'RangeError: out of reach' }))"
    page.evaluate(fault)  # a real error fails every test

    expect(page.get_by_role("alert")).to_contain_text("RangeError: out of reach")


@pytest.mark.usefixtures("answers")
def test_a_script_that_fails_to_load_is_shown(page: Page, address: str) -> None:
    page.route("**/page.js", lambda route: route.abort())

    page.goto(address)

    expect(page.get_by_role("alert")).to_contain_text("page.js did not load")


@pytest.mark.usefixtures("answers")
def test_it_fits_a_small_phone_without_scrolling_sideways(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(address)
    expect(page.locator(".strip")).to_have_count(3)

    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("width", [320, 360, 820, 1280])
def test_twelve_stores_fit_every_width_with_a_row_each(
    page: Page, answers: Answers, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    SCENES["twelve"].stage(answers)
    assert answers.status is not None
    names = [*answers.status.timestamps, IDENTITY]

    page.goto(address)

    rows = page.locator("[data-source]")
    expect(rows).to_have_count(len(names))
    assert [row.get_attribute("data-source") for row in rows.all()] == names
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.usefixtures("answers")
def test_version_and_commit_are_in_the_footer(page: Page, address: str) -> None:
    health = {"status": "ok", "version": "1.2.3", "commit": "0123456789abcdef"}
    page.route("**/livez", lambda route: route.fulfill(json=health))
    page.goto(address)

    expect(page.locator("footer")).to_contain_text("(0123456789ab)")
    expect(page.locator("footer")).to_contain_text("Worker 0.1.0, up 3 d 4 h, cycle 4561")
