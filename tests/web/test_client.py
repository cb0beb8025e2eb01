"""The example of docs/client.md works in a browser, on a page of another origin."""

import base64
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
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
UNKNOWN = "The server answers 401: log in with the dashboard's password, and any user name."
DISTURBED = "error: Valkey cannot be read (unreachable)"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A new browser profile."""
    context = browser.new_context()
    yield context
    context.close()


@dataclass(frozen=True)
class Embedding:
    """A web server for the example.

    Attributes:
        folder: The folder that it serves.
        port: Its port; the host's name decides whether the page is on the API's site.
    """

    folder: Path
    port: int

    def origin(self, host: str) -> str:
        return f"http://{host}:{self.port}"

    def show(self, page: Page, host: str, api: str, options: str = "") -> None:
        """Open the example.

        Args:
            page: The browser's page.
            host: The host of the example's page; the API is at 127.0.0.1.
            api: The API's address.
            options: Further options that the page passes to `watch`.
        """
        (example,) = DocsPage("docs/client.md").code("html")
        assert SERVER in example.text
        server = f"{{ baseUrl: '{api.rstrip('/')}'{options} }}"
        (self.folder / "index.html").write_text(example.text.replace(SERVER, server))
        page.goto(f"{self.origin(host)}/")


@pytest.fixture(scope="module")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedding]:
    """The example of docs/client.md beside a copy of the client."""
    folder = tmp_path_factory.mktemp("embedding")
    shutil.copy(ROOT / "web" / "client.js", folder)
    with elsewhere(folder) as port:
        yield Embedding(folder, port)


@pytest.fixture(scope="module")
def allowing(embedding: Embedding) -> dict[str, str]:
    """The variables of an API that allows the example's origins."""
    origins = ",".join(map(embedding.origin, (SAME_SITE, OTHER_SITE)))
    return NO_STORES | {"API_CORS_ORIGINS": origins}


@pytest.fixture(scope="module")
def public(allowing: dict[str, str]) -> Iterator[str]:
    """An API without a password."""
    with api(allowing) as address:
        yield address


@pytest.fixture(scope="module")
def locked(allowing: dict[str, str]) -> Iterator[str]:
    """An API with a password."""
    with api(allowing | {"DASHBOARD_PASSWORD": PASSWORD}) as address:
        yield address


def shown(page: Page, link: str, headline: str = DISTURBED) -> None:
    expect(page.locator("p")).to_have_text(link)
    expect(page.locator("h1")).to_contain_text(headline)


def test_the_example_of_the_docs_works_on_another_site(
    context: BrowserContext, embedding: Embedding, public: str
) -> None:
    page = context.new_page()
    embedding.show(page, OTHER_SITE, public)

    shown(page, "live")
    expect(page.locator("li")).to_contain_text(["Valkey cannot be read (unreachable)."])


def test_an_origin_that_is_not_allowed_gets_nothing(
    context: BrowserContext, embedding: Embedding, address: str
) -> None:
    page = context.new_page()
    embedding.show(page, OTHER_SITE, address)

    shown(page, "The server cannot be reached.", "Looking …")


def test_a_page_of_another_site_can_pass_the_password_to_requests_and_socket(
    context: BrowserContext, embedding: Embedding, locked: str
) -> None:
    page = context.new_page()
    embedding.show(page, OTHER_SITE, locked, f", password: '{PASSWORD}'")

    shown(page, "live")


def test_the_viewers_own_login_does_not_reach_another_site(
    context: BrowserContext, embedding: Embedding, locked: str
) -> None:
    page = logged_in(context, locked)
    embedding.show(page, OTHER_SITE, locked, ", credentials: 'include'")

    shown(page, UNKNOWN, "Looking …")


def test_the_viewers_own_login_serves_another_origin_of_the_same_site(
    context: BrowserContext, embedding: Embedding, locked: str
) -> None:
    page = logged_in(context, locked)
    embedding.show(page, SAME_SITE, locked, ", credentials: 'include'")

    shown(page, "live")


def test_a_wrong_password_is_not_tried_again_by_itself(
    context: BrowserContext, embedding: Embedding, locked: str
) -> None:
    page = context.new_page()
    page.clock.install()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.on("websocket", lambda socket: sent.append(socket.url))
    embedding.show(page, OTHER_SITE, locked, ", password: 'wrong'")
    shown(page, UNKNOWN, "Looking …")
    before = len(sent)

    page.clock.run_for(600_000)

    assert len(sent) == before


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("heartbeat.example.com", "baseUrl heartbeat.example.com is no address such as"),
        ("ftp://h.example.com", "baseUrl ftp://h.example.com is no address such as"),
        ("me:hunter2@h.example.com", "baseUrl …@h.example.com is no address such as"),
        ("https://me:hunter2@h.example.com", "baseUrl …@h.example.com holds a login"),
    ],
)
def test_an_invalid_address_raises_at_once_without_its_password(
    page: Page, address: str, base: str, message: str
) -> None:
    page.goto(f"{address}client.js")

    messages = page.evaluate(
        "async baseUrl => { const { watch, workerStatus } = await import('/client.js');"
        "const errors = [];"
        "try { watch(() => {}, () => {}, { baseUrl }); }"
        "catch (error) { errors.push(String(error)); }"
        "await workerStatus({ baseUrl }).catch((error) => errors.push(String(error)));"
        "return errors; }",
        base,
    )

    assert len(messages) == 2
    for each in messages:
        assert each.startswith(f"TypeError: {message}")
        assert "hunter2" not in each


def test_a_prefix_needs_no_trailing_slash(page: Page, address: str) -> None:
    page.route("**/prefix/worker/status", lambda route: route.fulfill(json={"prefixed": True}))
    page.goto(f"{address}client.js")

    send = (
        "async baseUrl => { const { workerStatus } = await import('/client.js');"
        "return await workerStatus({ baseUrl }); }"
    )

    for base in (f"{address}prefix", f"{address}prefix/"):
        assert page.evaluate(send, base) == {"prefixed": True}


def test_a_closed_watcher_sends_no_requests_and_reports_no_states(
    context: BrowserContext, embedding: Embedding, public: str
) -> None:
    page = context.new_page()
    page.clock.install()
    embedding.show(page, OTHER_SITE, public)
    shown(page, "live")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))

    reported = page.evaluate(
        "async baseUrl => { const { watch } = await import('./client.js');"
        "let states = 0; let first; const met = new Promise((resolve) => { first = resolve; });"
        "const watcher = watch(() => first(), () => { states += 1; }, { baseUrl });"
        "await met; watcher.close(); states = 0;"
        "watcher.wake(); await watcher.refresh(); await watcher.resume(); watcher.pause();"
        "return states; }",
        public.rstrip("/"),
    )

    assert reported == 0
    assert len(sent) <= 1  # the watcher's first request


def logged_in(context: BrowserContext, heartbeat: str) -> Page:
    """Return a page of a profile that is logged in at Heartbeat."""
    answer = context.request.get(
        f"{heartbeat}worker/status", headers={"Authorization": _basic(PASSWORD)}
    )
    assert answer.ok
    return context.new_page()


def _basic(password: str) -> str:
    return f"Basic {base64.b64encode(f':{password}'.encode()).decode()}"
