from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import axe
from tests.web.server import NO_STORES, api

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    with api(NO_STORES | {"DASHBOARD_PASSWORD": PASSWORD, "HEARTBEAT_TITLE": "shop"}) as address:
        yield address


def enter(page: Page, password: str) -> None:
    """Type a password into the field, which has the focus, and send the form."""
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(f"{password}\n")


def test_the_login_page_leads_to_the_requested_address(browser: Browser, locked: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{locked}?range=30d")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page).to_have_title("Log in · shop · Heartbeat")

    enter(page, "guess")
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    enter(page, PASSWORD)

    expect(page).to_have_url(f"{locked}?range=30d")
    expect(page.locator("[data-source]")).to_have_count(4)
    expect(page.locator("#deployment")).to_have_text("shop")
    assert page.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0
    context.close()


def test_an_incidents_address_survives_the_login(browser: Browser, locked: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{locked}?range=30d#incident-valkey-1764000000")

    enter(page, "guess")
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    enter(page, PASSWORD)

    expect(page).to_have_url(f"{locked}?range=30d#incident-valkey-1764000000")
    context.close()


def test_axe_finds_nothing_on_the_login_page(browser: Browser, locked: str) -> None:
    with browser.new_page() as page:
        page.goto(locked)
        enter(page, "guess")
        expect(page.get_by_role("alert")).not_to_be_empty()

        axe.find_nothing(page)
