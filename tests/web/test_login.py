from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.web.screenshots import SCHEMES
from tests.web.server import NO_STORES, api

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    with api(NO_STORES | {"DASHBOARD_PASSWORD": PASSWORD, "HEARTBEAT_TITLE": "shop"}) as address:
        yield address


def test_a_person_logs_in_by_the_page_and_comes_to_where_they_wanted(
    browser: Browser, locked: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{locked}?range=30d")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page).to_have_title("Log in · shop · Heartbeat")

    page.keyboard.type("guess\n")  # the field has the focus
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    page.keyboard.type(f"{PASSWORD}\n")

    expect(page).to_have_url(f"{locked}?range=30d")
    expect(page.locator("[data-source]")).to_have_count(4)
    expect(page.locator("#deployment")).to_have_text("shop")
    assert page.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0
    context.close()


def test_an_incidents_address_survives_the_login(browser: Browser, locked: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{locked}?range=30d#incident-valkey-1764000000")

    page.keyboard.type("guess\n")
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    page.keyboard.type(f"{PASSWORD}\n")

    expect(page).to_have_url(f"{locked}?range=30d#incident-valkey-1764000000")
    context.close()


def test_axe_finds_nothing_on_the_login_page(browser: Browser, locked: str) -> None:
    for scheme in SCHEMES:
        page = browser.new_page(color_scheme=scheme)
        page.goto(locked)
        page.keyboard.type("guess\n")
        expect(page.get_by_role("alert")).not_to_be_empty()

        found = Axe().run(page)

        assert found.response["violations"] == [], found.generate_report()
        page.close()
