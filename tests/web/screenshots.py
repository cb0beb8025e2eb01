"""Take pictures of the page's states: `python -m tests.web.screenshots [FOLDER] [--all]`."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from schema.errors import ErrorWord
from schema.findings import Severity
from schema.freshness import Freshness
from schema.heartbeat import Refusal
from service.remedies import REFUSALS, REMEDIES
from service.verdict.readings import OWN_NETWORK, READINGS
from tests.web import documents, past
from tests.web.alert_documents import alerts
from tests.web.answers import Answers
from tests.web.browser import chromium
from tests.web.server import NO_STORES, api

WHOLE = ".card { content-visibility: visible !important }"
PICTURES = Path("docs/pictures")
SIZES = {320: 640, 360: 740, 390: 844, 820: 1180, 1280: 800, 1920: 1080}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
Picture = tuple[str, int, Literal["light", "dark"]]
"""A scene, a width and a colour scheme."""
SHOWN: set[Picture] = {
    ("healthy", 1280, "light"),
    ("unreachable", 1280, "dark"),
    ("unreachable", 390, "light"),
}


@dataclass(frozen=True)
class Scene:
    """A state of the page: its first answers, and later changes.

    Attributes:
        stage: Sets the answers before the page opens.
        turn: Changes the answers afterwards, or uses the page.
        wait_s: How long the page then continues, by its own clock.
        query: The query of the page's address.
    """

    stage: Callable[[Answers], None]
    turn: Callable[[Answers, Page], None] = lambda *_: None
    wait_s: int = 2
    query: str = ""


def _healthy(_: Answers) -> None:
    """Leave the answers as they are."""


def _unreachable(answers: Answers) -> None:
    answers.outages = [*past.OVER, past.LASTING]
    answers.status = documents.status(
        ("valkey", documents.unreachable("valkey")),
        findings=[
            documents.finding(
                "Valkey cannot be read (timeout)",
                REMEDIES[ErrorWord.TIMEOUT],
                since=documents.NOW
                - timedelta(seconds=276),  # before the first beat that missed it
            )
        ],
    )


def _all_away(answers: Answers) -> None:
    names = ("postgres", "valkey", "secrets_manager")
    answers.status = documents.status(
        *((name, documents.unreachable(name)) for name in names),
        identity=documents.iam(
            300,
            freshness=Freshness.UNREACHABLE,
            error=ErrorWord.TIMEOUT,
            last_seen=documents.NOW - timedelta(seconds=250),
        ),
        findings=[
            documents.finding(
                "No store can be read (timeout)",
                OWN_NETWORK,
                since=documents.NOW - timedelta(seconds=276),
            )
        ],
    )


def _several(answers: Answers) -> None:
    finding, since = documents.finding, documents.NOW - timedelta(seconds=276)
    answers.status = documents.status(
        ("postgres", documents.unreachable("postgres")),
        ("valkey", documents.unreachable("valkey")),
        identity=documents.iam(refusal=Refusal.NOT_ALLOWED),
        findings=[
            finding(
                "PostgreSQL cannot be read (timeout)", REMEDIES[ErrorWord.TIMEOUT], since=since
            ),
            finding("Valkey cannot be read (timeout)", REMEDIES[ErrorWord.TIMEOUT], since=since),
            finding(
                "AWS gives no new credentials (not_allowed)",
                REFUSALS[Refusal.NOT_ALLOWED],
                severity=Severity.DEGRADED,
            ),
        ],
    )


def _starting(answers: Answers) -> None:
    names = ("postgres", "valkey", "secrets_manager")
    unread = {"observed_at": None, "latency_ms": None, "last_result": None}
    answers.status = documents.status(
        *((name, documents.row(name, None, **unread)) for name in names),
        identity=documents.iam(None, observed_at=None, latency_ms=None),
        findings=[
            documents.finding("No store has answered yet", READINGS, severity=Severity.DEGRADED)
        ],
    )


def _silent(answers: Answers) -> None:
    answers.away = (past.ago(3), past.DUE)
    answers.status = documents.status(
        age_s=200,
        findings=[
            documents.finding(
                "The worker has not written to any store since 02:56:52 UTC",
                "Check that the worker runs, and read its log.",
                since=documents.NOW - timedelta(seconds=140),
            )
        ],
    )


def _degraded(answers: Answers) -> None:
    word = ErrorWord.QUOTA
    answers.status = documents.status(
        ("secrets_manager", documents.row("secrets_manager", 63, warning=word)),
        ("valkey", documents.off("valkey")),
        age_s=63,
        findings=[
            documents.finding(
                "AWS Secrets Manager: the stamp lands, but the value is not written (quota)",
                "Write this secret's value less often; it is written again as the versions of the "
                "last 24 h age.",
                severity=Severity.DEGRADED,
            )
        ],
    )


def _polling(answers: Answers) -> None:
    answers.live = False
    answers.incidents = False


def _alerting(answers: Answers) -> None:
    _unreachable(answers)
    answers.alerts = alerts()


def _twelve(answers: Answers) -> None:
    """Show twelve stores, one with a name of the greatest length."""
    title = "Orders of the north-western warehouse, replica for reports"
    host = "orders-north-western-warehouse-replica-0001.b.db.ondigitalocean.com"
    answers.status = documents.status(
        ("mysql", documents.row("mysql", title="MySQL", endpoint="orders.example.com")),
        ("orders", documents.row("orders", 64, title=title, endpoint=host)),
        ("billing", documents.unreachable("billing", ErrorWord.TLS)),
        *((f"cache-{number}", documents.row(f"cache-{number}")) for number in range(1, 7)),
        findings=[documents.finding("billing cannot be read (tls)", REMEDIES[ErrorWord.TLS])],
    )


def _fall(answers: Answers, _: Page | None = None) -> None:
    answers.status = None
    answers.cut()


def _copy(_: Answers, page: Page) -> None:
    page.get_by_role("button", name="Copy for a report").first.click()


SCENES = {
    "healthy": Scene(_healthy),
    "unreachable": Scene(_unreachable),
    "all-away": Scene(_all_away),
    "several": Scene(_several),
    "starting": Scene(_starting),
    "silent": Scene(_silent),
    "degraded": Scene(_degraded),
    "polling": Scene(_polling),
    "down": Scene(_healthy, _fall, 100),
    "waiting": Scene(_fall),
    "alerting": Scene(_alerting),
    "twelve": Scene(_twelve),
    "year": Scene(_healthy, query="?range=1y"),
    "copied": Scene(_unreachable, _copy, 1),
    "wall": Scene(_several, query="?wall=1"),
    "wall-healthy": Scene(_healthy, query="?wall=1"),
    "wall-twelve": Scene(_twelve, query="?wall=1"),
}


def shoot(browser: Browser, address: str, folder: Path, picture: Picture) -> None:
    """Take one picture."""
    name, width, scheme = picture
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme=scheme,
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    scene = SCENES[name]
    page = context.new_page()
    page.clock.install(time=documents.NOW)
    answers = Answers(page, documents.status())
    scene.stage(answers)
    page.goto(f"{address}{scene.query}")
    page.clock.run_for(1000)
    scene.turn(answers, page)
    page.clock.run_for(scene.wait_s * 1000)
    # A picture of the whole page also shows parts that are not in view.
    page.evaluate(
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); "
        "document.adoptedStyleSheets = [sheet] }",
        WHOLE,
    )
    page.wait_for_timeout(700)  # transitions
    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
    context.close()


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.web.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=PICTURES)
    parser.add_argument("--all", action="store_true", help="each state in each size and scheme")
    parser.add_argument("--only", help="one state")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    everything = {(name, width, each) for name in SCENES for width in SIZES for each in SCHEMES}
    with chromium() as browser, api(NO_STORES) as address:
        for picture in sorted(everything if options.all else SHOWN):
            if options.only in {None, picture[0]}:
                shoot(browser, address, options.folder, picture)


if __name__ == "__main__":
    main()
