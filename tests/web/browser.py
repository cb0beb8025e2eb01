"""Chromium for the page's tests, and its clock."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

PATIENCE_MS = 30_000.0  # for what must happen, on a machine that does much else
PROGRAMS = ("chromium-headless-shell", "chromium")  # the shell takes half the CPU
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
    """Start an installed chromium, else Playwright's own."""
    path = os.environ.get("HEARTBEAT_BROWSER") or next(
        filter(None, map(shutil.which, PROGRAMS)), None
    )
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


# Playwright's clock fires timers in an instant, so a request's deadline passes before its answer
# comes. With this script a test can wait: `answered()` resolves once no request is under way.
COUNT_REQUESTS = """(() => {
  const underWay = new Set();
  const send = window.fetch;
  window.fetch = (...request) => {
    const answer = send(...request);
    const read = answer.then((found) => found.clone().arrayBuffer()).catch(() => {});
    underWay.add(read);
    void read.then(() => underWay.delete(read));
    return answer;
  };
  window.answered = async () => { while (underWay.size) await Promise.all(underWay); };
})()"""


def open_page(page: Page, address: str) -> None:
    """Open the page, and wait for its first document and the answers to all its first requests.

    From then on its age counts, and its clock can move past the deadlines of those requests.
    """
    page.goto(address)
    expect(page.locator("body")).not_to_have_attribute("data-tone", "waiting")
    page.evaluate("answered()")


def let_pass(page: Page, seconds: int, step_s: int = 1) -> None:
    """Move the page's clock on by whole seconds, and wait for all answers after each step.

    `page.clock.run_for` may only move it by less than a request's deadline of 10 s, except while
    the page sends no requests or gets no answers.
    """
    for passed in range(0, seconds, step_s):
        page.clock.run_for(1000 * min(step_s, seconds - passed))
        page.evaluate("answered()")
