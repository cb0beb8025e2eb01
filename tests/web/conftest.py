"""One browser for all tests of this folder that run one after another in a process.

Playwright occupies the thread's event loop until the browser is closed, so pytest closes it before
a test of another folder, which may run a loop of its own. What needs a loop in between runs it in
another thread.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from tests.web.answers import Answers
from tests.web.browser import COUNT_REQUESTS, chromium
from tests.web.documents import NOW, status
from tests.web.server import NO_STORES, api


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    """The page, served by an API whose stores are not there: its documents come from the test."""
    with api(NO_STORES) as address:
        yield address


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with a paused clock; the test fails if the page raises an error."""
    context = browser.new_context(timezone_id="Europe/Berlin", locale="en-GB")
    context.add_init_script(COUNT_REQUESTS)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.clock.install(time=NOW - timedelta(hours=1))  # it runs until it is paused
    page.clock.pause_at(NOW)
    yield page
    context.close()

    assert faults == []


@pytest.fixture
def answers(page: Page) -> Answers:
    """The answers to the page: a healthy document, until the test changes it."""
    return Answers(page, status())
