"""The page with the real app and real stores, through outages of each kind."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from local.server import free_port
from local.valkey import Valkey
from tests.web.browser import chromium
from tests.web.server import api, service

INTERVAL_S = 5  # a row is aging for half of it, which even a busy browser shows
PATIENCE_MS = 60_000  # a bound for a busy machine; no wait normally takes this long
SOURCES = ("postgres", "valkey", "secrets_manager")
# Between two writes of one cycle a page rightly shows the stamps of two.
SAME_STAMP = f"""() => {{
  const times = [...document.querySelectorAll('[data-part=utc]')].slice(0, {len(SOURCES)});
  return new Set(times.map((time) => time.dateTime)).size === 1;
}}"""
REMEMBER = """() => {
  window.seen = [];
  const row = document.querySelector('[data-source=valkey]');
  new MutationObserver(() => window.seen.push(row.dataset.freshness))
    .observe(row, { attributeFilter: ['data-freshness'] });
}"""

WATCH = """async (count) => {
  const { watch } = await import('/client.js');
  window.seen = Array.from({ length: count }, () => ({}));
  for (const one of window.seen) {
    watch(
      (status) => { one.freshness = status.timestamps.valkey.freshness; },
      ({ link }) => { one.link = link; },
    );
  }
}"""
ALL = """(wanted) => {
  const names = Object.keys(wanted);
  return window.seen.every((one) => names.every((name) => one[name] === wanted[name]));
}"""
VIEWERS = 50
GROWTH_MB = 50  # 24 MB were measured for 50 tabs; what is kept for each viewer would be more


@pytest.fixture
def environment(environ: dict[str, str]) -> dict[str, str]:
    """All stores, a short interval, and a migrated database."""
    environment = environ | {
        "HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S),
        "HEALTH_PORT": str(free_port()),
    }
    with service("migrate", environment) as migration:
        assert migration.wait(PATIENCE_MS / 1000) == 0
    return environment


@pytest.fixture
def browser(environment: dict[str, str]) -> Iterator[Browser]:
    """Started after the stores, whose fixtures need the thread's event loop for themselves."""
    assert environment
    with chromium() as browser:
        yield browser


def be(page: Page, freshness: str, *names: str) -> None:
    """Wait until rows have a freshness."""
    for name in names or SOURCES:
        row = page.locator(f"[data-source={name}]")
        expect(row).to_have_attribute("data-freshness", freshness, timeout=PATIENCE_MS)


def verdict(page: Page, tone: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-tone", tone, timeout=PATIENCE_MS)


def link(page: Page, word: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", word, timeout=PATIENCE_MS)


def stamps(page: Page) -> list[str]:
    script = "all => all.map(time => time.dateTime)"
    found: list[str] = page.locator("[data-part=utc]").evaluate_all(script)
    return found[: len(SOURCES)]


def test_a_stopped_worker_turns_the_page_green_yellow_red_and_back_by_itself(
    browser: Browser, environment: Mapping[str, str]
) -> None:
    with ExitStack() as stack, api(environment) as address:
        worker = stack.enter_context(service("worker", environment))
        page, other = browser.new_page(), browser.new_page()
        for each in (page, other):
            each.goto(address)
            verdict(each, "ok")
        page.wait_for_function(SAME_STAMP, timeout=PATIENCE_MS)  # one cycle, one stamp

        page.evaluate(REMEMBER)
        worker.terminate()
        worker.wait()
        be(page, "stale")
        verdict(page, "error")
        be(other, "stale")
        assert page.evaluate("window.seen.slice(-2)") == ["aging", "stale"]
        assert stamps(page) == stamps(other)

        stack.enter_context(service("worker", environment))
        be(page, "fresh", "postgres")
        verdict(page, "ok")


def test_a_stopped_store_turns_its_row_red_and_no_other_and_heals_without_a_reload(
    browser: Browser, environment: Mapping[str, str], valkey: Valkey
) -> None:
    with api(environment) as address, service("worker", environment):
        page = browser.new_page()
        page.goto(address)
        verdict(page, "ok")

        valkey.stop()
        try:
            be(page, "unreachable", "valkey")
            verdict(page, "error")
            expect(page.locator("h1")).to_contain_text("Valkey cannot be read")
            for name in ("postgres", "secrets_manager"):
                row = page.locator(f"[data-source={name}]")
                written = re.compile("fresh|aging")  # on a busy machine a cycle may be late
                expect(row).to_have_attribute("data-freshness", written, timeout=PATIENCE_MS)
        finally:
            valkey.start()

        be(page, "fresh", "valkey")
        verdict(page, "ok")


def test_the_page_reconnects_when_the_api_returns(
    browser: Browser, environment: Mapping[str, str]
) -> None:
    port = free_port()
    with service("worker", environment):
        with api(environment, port) as address:
            page = browser.new_page()
            page.goto(address)
            verdict(page, "ok")
            link(page, "live")

        link(page, "offline")
        expect(page.locator("#notice")).to_contain_text("The last good answer came")
        be(page, "stale")
        expect(page.locator("[data-source]")).to_have_count(4)

        with api(environment, port):
            page.get_by_role("button", name="Refresh").click()
            be(page, "fresh", "postgres")
            verdict(page, "ok")


def test_an_api_updates_fifty_viewers_in_little_memory(
    browser: Browser, environment: Mapping[str, str], valkey: Valkey
) -> None:
    with api(environment) as address:
        page = browser.new_page()
        page.goto(f"{address}livez")
        before = memory_mb(address)
        page.evaluate(WATCH, VIEWERS)
        everywhere = {"link": "live", "freshness": "missing"}
        page.wait_for_function(ALL, arg=everywhere, timeout=PATIENCE_MS)

        valkey.stop()
        try:
            pushed = {"link": "live", "freshness": "unreachable"}  # a live page does not poll
            page.wait_for_function(ALL, arg=pushed, timeout=PATIENCE_MS)
        finally:
            valkey.start()

        assert memory_mb(address) - before < GROWTH_MB


def memory_mb(address: str) -> float:
    """Return the resident memory of the API at an address."""
    port = address.rstrip("/").rpartition(":")[2]
    mine = psutil.Process().children()
    [process] = [each for each in mine if port in each.cmdline()]
    return float(process.memory_info().rss) / 1e6
