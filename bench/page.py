"""`python -m bench.page --against REVISION`: what the page costs a browser, beside an older one.

Both revisions serve the same stores, with a worker at one stamp a minute and a past of a year. The
figures come from the browser's own counters (Chrome DevTools Protocol: `Network`, `Performance`).
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, expect
from pydantic import BaseModel

from bench.build import Build, checked_out
from bench.numbers import median
from bench.past import fill
from bench.program import api, worker
from bench.stores import stores
from tests.web.browser import chromium

ROUNDS = 3
SETTLE_MS = 5_000  # after the first load: transitions, and late requests
INTERVAL_S = 60.0
IDLE_S = INTERVAL_S  # each visit sees one stamp land
SHIFT = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
"""


class Visit(BaseModel):
    """The cost of one visit.

    Attributes:
        requests: The number of requests, without WebSockets and `data:` addresses.
        kilobytes: The received bytes in kB, with headers.
        shift: The sum of all layout shifts: https://web.dev/articles/cls
        styles_per_s: Style recalculations per second of an idle page.
        layouts_per_s: Layouts per second of an idle page.
        main_thread_ms: Work of the main thread, in milliseconds per minute.
        script_ms: The part of that in scripts.
    """

    requests: float
    kilobytes: float
    shift: float
    styles_per_s: float
    layouts_per_s: float
    main_thread_ms: float
    script_ms: float


@dataclass
class Traffic:
    """The browser's own counters of its traffic."""

    requests: int = 0
    size: int = 0
    fetched: list[str] = field(default_factory=list)

    def watch(self, session: CDPSession) -> None:
        """Count from now on."""
        session.on("Network.requestWillBeSent", self._ask)
        session.on("Network.loadingFinished", self._finish)
        session.send("Network.enable")

    def _ask(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if not url.startswith("data:"):
            self.requests += 1
            self.fetched.append(url)

    def _finish(self, event: dict[str, Any]) -> None:
        self.size += int(event["encodedDataLength"])


def first_load(browser: Browser, url: str) -> tuple[int, float]:
    """Open the page, and return how many requests and kilobytes it took until it is complete."""
    with _loaded(browser, url) as (_, _, traffic):
        return traffic.requests, traffic.size / 1000


def visit(browser: Browser, url: str) -> tuple[Visit, list[str]]:
    """Open the page, wait until it has loaded, then leave it idle; takes over a minute."""
    with _loaded(browser, url) as (page, session, traffic):
        requests, size = traffic.requests, traffic.size
        # Time that the thread ran, so that other processes of the machine do not count.
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _counters(session)
        page.wait_for_timeout(IDLE_S * 1000)
        after = _counters(session)
        gone = {name: after[name] - before[name] for name in after}
        minutes = gone["Timestamp"] / 60
        seen = Visit(
            requests=requests,
            kilobytes=size / 1000,
            shift=page.evaluate("window.shifted"),
            styles_per_s=gone["RecalcStyleCount"] / gone["Timestamp"],
            layouts_per_s=gone["LayoutCount"] / gone["Timestamp"],
            main_thread_ms=gone["TaskDuration"] * 1000 / minutes,
            script_ms=gone["ScriptDuration"] * 1000 / minutes,
        )
    return seen, traffic.fetched[:requests]


@contextmanager
def _loaded(browser: Browser, url: str) -> Iterator[tuple[Page, CDPSession, Traffic]]:
    """Open the page, and wait until it is complete."""
    with _opened(browser) as (page, session):
        traffic = Traffic()
        traffic.watch(session)
        page.goto(url)
        expect(page.locator("[data-history]")).not_to_have_count(0, timeout=30_000)
        page.wait_for_timeout(SETTLE_MS)
        yield page, session, traffic


@contextmanager
def _opened(browser: Browser) -> Iterator[tuple[Page, CDPSession]]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(SHIFT)
    yield page, context.new_cdp_session(page)
    context.close()


def _counters(session: CDPSession) -> dict[str, float]:
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def table(found: dict[str, list[Visit]]) -> str:
    """Format the medians of all rounds.

    The last column is the last revision as a multiple of the first.
    """
    names = list(found)
    lines = [f"{'figure':16}" + "".join(f"{name:>16}" for name in names) + f"{'ratio':>8}"]
    for figure in Visit.model_fields:
        values = [median([getattr(seen, figure) for seen in found[name]]) for name in names]
        ratio = f"{values[-1] / values[0]:8.2f}" if values[0] else f"{'-':>8}"
        lines.append(f"{figure:16}" + "".join(f"{value:16.2f}" for value in values) + ratio)
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table; blocks for about 80 seconds a round and revision."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--only", help="print requests and kilobytes of the page at this address")
    parser.add_argument("--against", help="an older revision, measured beside this checkout")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    if options.only:
        with chromium() as browser:
            print(*first_load(browser, options.only))
        return
    builds = [checked_out(options.against)] if options.against else []
    builds.append(Build(name="this checkout"))
    found: dict[str, list[Visit]] = {build.name: [] for build in builds}
    with stores(3600) as there:
        fill(there.environ, "worker")  # before the browser, whose loop takes this thread
        with worker(there.environ, there.folder, INTERVAL_S) as running, chromium() as browser:
            running.await_lines("cycle", 1, 60)
            for turn in range(options.rounds):
                for build in builds if turn % 2 == 0 else builds[::-1]:
                    with api(there.environ, there.folder, build) as served:
                        seen, fetched = visit(browser, f"{served.url}/")
                    found[build.name].append(seen)
                    if turn == 0:
                        print(build.name, *fetched, sep="\n  ")
    print(table(found))


if __name__ == "__main__":
    main()
