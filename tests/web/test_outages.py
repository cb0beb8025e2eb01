"""The page with the real app and real stores, through outages of each kind."""

import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import Any, Generic, TypeVar

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from local.aws.process import RunningAws
from local.postgres import Postgres
from local.server import free_port
from local.valkey import Valkey
from tests.conftest import empty_database, empty_keys, reset_aws
from tests.service.upgraded import migrate
from tests.web.server import api, service

T = TypeVar("T")

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
ALL = """(freshness) =>
  window.seen.every((one) => one.link === 'live' && freshness.includes(one.freshness))"""
REACHABLE = ["missing", "fresh", "aging", "stale"]
VIEWERS = 50
GROWTH_MB = 50  # 24 MB were measured for 50 tabs; what is kept for each viewer would be more


class Restartable(Generic[T]):
    """A process of the service, which a test may stop for a while.

    Args:
        run: Runs it until the block ends.

    Attributes:
        running: What the block gets.
    """

    def __init__(self, run: Callable[[], AbstractContextManager[T]]) -> None:
        self._run = run
        self._stack = ExitStack()
        self.running = self._stack.enter_context(run())

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop it; start it again with the end of the block."""
        self.close()
        try:
            yield
        finally:
            self.running = self._stack.enter_context(self._run())

    def close(self) -> None:
        self._stack.close()


Worker = Restartable[subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def environment(
    postgres: Postgres, valkey: Valkey, aws_process: RunningAws, operator: Any
) -> Iterator[dict[str, str]]:
    """All stores, a short interval, and a migrated database, for all tests of this module."""
    # Playwright occupies the event loop of this thread.
    with ThreadPoolExecutor(1) as other, pytest.MonkeyPatch.context() as patch:
        reset_aws(aws_process, operator, patch)
        databases = other.submit(empty_database, postgres, patch).result() | empty_keys(valkey)
        environment = {
            **databases,
            **aws_process.environment(),
            "HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S),
            "HEALTH_PORT": str(free_port()),
        }
        other.submit(migrate, environment).result()
        yield environment


@pytest.fixture(scope="module")
def served(environment: dict[str, str]) -> Iterator[Restartable[str]]:
    """The API."""
    port = free_port()
    with closing(Restartable(lambda: api(environment, port))) as served:
        yield served


@pytest.fixture(scope="module")
def address(served: Restartable[str]) -> str:
    """The page's, which the API serves."""
    return served.running


@pytest.fixture(scope="module")
def worker(environment: dict[str, str]) -> Iterator[Worker]:
    """The worker."""
    with closing(Restartable(lambda: service("worker", environment))) as worker:
        yield worker


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile."""
    with browser.new_context() as context:
        yield context


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


def test_an_api_updates_fifty_viewers_in_little_memory(
    context: BrowserContext, address: str, valkey: Valkey
) -> None:
    page = context.new_page()
    page.goto(f"{address}livez")
    before = memory_mb(address)
    page.evaluate(WATCH, VIEWERS)
    page.wait_for_function(ALL, arg=REACHABLE, timeout=PATIENCE_MS)

    valkey.stop()
    try:  # a live page does not poll
        page.wait_for_function(ALL, arg=["unreachable"], timeout=PATIENCE_MS)
    finally:
        valkey.start()

    assert memory_mb(address) - before < GROWTH_MB


def test_a_stopped_worker_turns_the_page_green_yellow_red_and_back_by_itself(
    context: BrowserContext, address: str, worker: Worker
) -> None:
    page, other = context.new_page(), context.new_page()
    for each in (page, other):
        each.goto(address)
        verdict(each, "ok")
    page.wait_for_function(SAME_STAMP, timeout=PATIENCE_MS)  # one cycle, one stamp

    page.evaluate(REMEMBER)
    with worker.stopped():
        be(page, "stale")
        verdict(page, "error")
        be(other, "stale")
        assert page.evaluate("window.seen.slice(-2)") == ["aging", "stale"]
        assert stamps(page) == stamps(other)

    be(page, "fresh", "postgres")
    verdict(page, "ok")


@pytest.mark.usefixtures("worker")
def test_a_stopped_store_turns_its_row_red_and_no_other_and_heals_without_a_reload(
    context: BrowserContext, address: str, valkey: Valkey
) -> None:
    page = context.new_page()
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


@pytest.mark.usefixtures("worker")
def test_the_page_reconnects_when_the_api_returns(
    context: BrowserContext, address: str, served: Restartable[str]
) -> None:
    page = context.new_page()
    page.goto(address)
    verdict(page, "ok")
    link(page, "live")

    with served.stopped():
        link(page, "offline")
        expect(page.locator("#notice")).to_contain_text("The last good answer came")
        be(page, "stale")
        expect(page.locator("[data-source]")).to_have_count(4)

    page.get_by_role("button", name="Refresh").click()
    be(page, "fresh", "postgres")
    verdict(page, "ok")


def memory_mb(address: str) -> float:
    """Return the resident memory of the API at an address."""
    port = address.rstrip("/").rpartition(":")[2]
    mine = psutil.Process().children()
    [process] = [each for each in mine if port in each.cmdline()]
    return float(process.memory_info().rss) / 1e6
