"""The browser that the page is tested in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

PATIENCE_MS = 30_000.0  # for what must happen, on a machine that does much else
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """An installed chromium, else Playwright's own."""
    path = os.environ.get("HEARTBEAT_BROWSER") or shutil.which("chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def open_and_be_told(page: Page, address: str) -> None:
    """Open the page and wait for its first document, from which on its clock counts."""
    page.goto(address)
    expect(page.locator("body")).not_to_have_attribute("data-tone", "waiting")
