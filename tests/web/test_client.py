"""The client in a page of another origin: the very example of docs/client.md, in a real browser."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.docs.pages import ROOT
from tests.docs.pages import Page as DocsPage
from tests.web.elsewhere import elsewhere
from tests.web.server import NO_STORES, api

PASSWORD = "pässword: with spaces"
SERVER = "{ baseUrl: 'https://heartbeat.example.com' }"
SAME_SITE, OTHER_SITE = "127.0.0.1", "localhost"
UNKNOWN = "The server answers 401: the dashboard's password is asked for, with any user name."
DISTURBED = "error: Valkey cannot be read (unreachable)"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's profile of its own."""
    context = browser.new_context()
    yield context
    context.close()


@contextmanager
def embedded(
    folder: Path, host: str, server: str, *, password: str | None = None, allowed: bool = True
) -> Iterator[tuple[str, str]]:
    """The example on an origin of its own; gives its address and that of the API.

    Args:
        folder: For its files.
        host: Of the page; the API is at 127.0.0.1.
        server: What the page gives to `watch`; BASE stands for the API's address.
        password: The API's.
        allowed: Whether the API allows the page's origin.
    """
    (example,) = DocsPage("docs/client.md").code("html")
    assert SERVER in example.text
    shutil.copy(ROOT / "web" / "client.js", folder)
    with elsewhere(folder, host) as origin:
        environ = dict(NO_STORES)
        if allowed:
            environ["API_CORS_ORIGINS"] = origin
        if password is not None:
            environ["DASHBOARD_PASSWORD"] = password
        with api(environ) as address:
            page = example.text.replace(SERVER, server.replace("BASE", address.rstrip("/")))
            (folder / "index.html").write_text(page)
            yield f"{origin}/", address


def shown(page: Page, link: str, headline: str = DISTURBED) -> None:
    expect(page.locator("p")).to_have_text(link, timeout=15_000)
    expect(page.locator("h1")).to_contain_text(headline, timeout=15_000)


def test_the_example_of_the_docs_works_on_another_site(
    context: BrowserContext, tmp_path: Path
) -> None:
    with embedded(tmp_path, OTHER_SITE, "{ baseUrl: 'BASE' }") as (address, _):
        page = context.new_page()
        page.goto(address)

        shown(page, "live")
        expect(page.locator("li")).to_contain_text(["Valkey cannot be read (unreachable)."])


def test_an_origin_that_is_not_allowed_gets_nothing(
    context: BrowserContext, tmp_path: Path
) -> None:
    with embedded(tmp_path, OTHER_SITE, "{ baseUrl: 'BASE' }", allowed=False) as (address, _):
        page = context.new_page()
        page.goto(address)

        shown(page, "The server cannot be reached.", "Looking …")


def test_a_page_of_another_site_gives_the_password_to_requests_and_socket(
    context: BrowserContext, tmp_path: Path
) -> None:
    server = f"{{ baseUrl: 'BASE', password: '{PASSWORD}' }}"
    with embedded(tmp_path, OTHER_SITE, server, password=PASSWORD) as (address, _):
        page = context.new_page()
        page.goto(address)

        shown(page, "live")


def test_the_viewers_own_login_does_not_reach_another_site(
    context: BrowserContext, tmp_path: Path
) -> None:
    server = "{ baseUrl: 'BASE', credentials: 'include' }"
    with embedded(tmp_path, OTHER_SITE, server, password=PASSWORD) as (address, heartbeat):
        page = logged_in(context, heartbeat)
        page.goto(address)

        shown(page, UNKNOWN, "Looking …")


def test_the_viewers_own_login_serves_another_origin_of_the_same_site(
    context: BrowserContext, tmp_path: Path
) -> None:
    server = "{ baseUrl: 'BASE', credentials: 'include' }"
    with embedded(tmp_path, SAME_SITE, server, password=PASSWORD) as (address, heartbeat):
        page = logged_in(context, heartbeat)
        page.goto(address)

        shown(page, "live")


def test_a_wrong_password_is_tried_no_more_by_itself(
    context: BrowserContext, tmp_path: Path
) -> None:
    with embedded(
        tmp_path, OTHER_SITE, "{ baseUrl: 'BASE', password: 'wrong' }", password=PASSWORD
    ) as (address, _):
        page = context.new_page()
        page.clock.install()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.goto(address)
        shown(page, UNKNOWN, "Looking …")
        before = len(asked)

        page.clock.run_for(600_000)

        assert len(asked) == before


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("heartbeat.example.com", "baseUrl heartbeat.example.com is no address such as"),
        ("ftp://h.example.com", "baseUrl ftp://h.example.com is no address such as"),
        ("me:hunter2@h.example.com", "baseUrl …@h.example.com is no address such as"),
        ("https://me:hunter2@h.example.com", "baseUrl …@h.example.com holds a login"),
    ],
)
def test_an_address_that_is_none_is_told_at_once_and_without_its_password(
    page: Page, address: str, base: str, message: str
) -> None:
    page.goto(f"{address}client.js")

    said = page.evaluate(
        "async baseUrl => { const { watch, workerStatus } = await import('/client.js');"
        "const told = [];"
        "try { watch(() => {}, () => {}, { baseUrl }); }"
        "catch (error) { told.push(String(error)); }"
        "await workerStatus({ baseUrl }).catch((error) => told.push(String(error)));"
        "return told; }",
        base,
    )

    assert len(said) == 2
    for each in said:
        assert each.startswith(f"TypeError: {message}")
        assert "hunter2" not in each


def test_a_prefix_needs_no_slash_at_its_end(page: Page, address: str) -> None:
    page.route("**/prefix/worker/status", lambda route: route.fulfill(json={"prefixed": True}))
    page.goto(f"{address}client.js")

    ask = (
        "async baseUrl => { const { workerStatus } = await import('/client.js');"
        "return await workerStatus({ baseUrl }); }"
    )

    for base in (f"{address}prefix", f"{address}prefix/"):
        assert page.evaluate(ask, base) == {"prefixed": True}


def test_a_watcher_that_is_closed_asks_and_tells_no_more(
    context: BrowserContext, tmp_path: Path
) -> None:
    with embedded(tmp_path, OTHER_SITE, "{ baseUrl: 'BASE' }") as (address, heartbeat):
        page = context.new_page()
        page.clock.install()
        page.goto(address)
        shown(page, "live")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))

        told = page.evaluate(
            "async baseUrl => { const { watch } = await import('./client.js');"
            "let told = 0; let first; const met = new Promise((resolve) => { first = resolve; });"
            "const watcher = watch(() => first(), () => { told += 1; }, { baseUrl });"
            "await met; watcher.close(); told = 0;"
            "watcher.wake(); await watcher.refresh(); await watcher.resume(); watcher.pause();"
            "return told; }",
            heartbeat.rstrip("/"),
        )

        assert told == 0
        assert len(asked) <= 1  # what its beginning asked


def logged_in(context: BrowserContext, heartbeat: str) -> Page:
    """A page of a profile in which somebody is logged in at Heartbeat."""
    answer = context.request.get(
        f"{heartbeat}worker/status", headers={"Authorization": _basic(PASSWORD)}
    )
    assert answer.ok
    return context.new_page()


def _basic(password: str) -> str:
    return f"Basic {base64.b64encode(f':{password}'.encode()).decode()}"
