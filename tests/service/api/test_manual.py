import re
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from urllib.parse import urldefrag

import httpx2
import pytest

from service.api.manual import DOCS, Manual, rendered, slug
from tests.docs.pages import Page
from tests.service.serving import NOWHERE, asking

pytestmark = pytest.mark.anyio
NAMES = sorted(path.stem for path in DOCS.glob("*.md"))


@cache
def html(name: str) -> str:
    """Return a page of the manual, cached because rendering the runbook takes 0.05 s."""
    return rendered(Manual().texts[name])


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(NOWHERE) as client:
        yield client


async def test_the_runbook_is_served_while_no_store_answers(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/docs/runbook")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Runbook · Heartbeat</title>" in answer.text
    assert '<h3 id="source_unreachable"><code>source_unreachable</code></h3>' in answer.text


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/", "/docs/nothing", "/docs/../README", "/docs/a/b"]
)
async def test_an_unknown_page_is_not_found(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path, follow_redirects=True)

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"


async def test_the_manual_requires_the_password_like_the_page() -> None:
    async with asking(NOWHERE | {"DASHBOARD_PASSWORD": "long enough"}) as client:
        assert (await client.get("/docs/runbook")).status_code == 401
        assert (await client.get("/docs/runbook", auth=("me", "long enough"))).status_code == 200


async def test_a_page_that_the_client_has_is_not_modified(client: httpx2.AsyncClient) -> None:
    tag = (await client.get("/docs/runbook")).headers["etag"]

    answer = await client.get("/docs/runbook", headers={"If-None-Match": tag})

    assert answer.status_code == 304


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_page_and_a_heading_that_the_app_has(name: str) -> None:
    links = re.findall(r'href="([^"]*)"', html(name).partition("<main>")[2])

    for link in links:
        if link.startswith("http"):
            continue
        page, anchor = urldefrag(link)
        assert not anchor or f'id="{anchor}"' in html(page or name), link


@pytest.mark.parametrize("name", NAMES)
def test_anchors_equal_those_of_the_page_on_disk(name: str) -> None:
    page = Page(f"docs/{name}.md")

    found = re.findall(r'<h\d id="([^"]*)">', rendered(page.text))

    assert set(found) == page.anchors()


def test_links_to_files_outside_of_the_manual_are_plain_text() -> None:
    page = rendered("[a](../README.md#x) [b](../x.yaml) ![c](c.png) [d](d.md#e) [f](https://f.io)")

    assert '<p>a b  <a href="d#e">d</a> <a href="https://f.io">f</a></p>' in page


def test_html_in_a_page_is_escaped() -> None:
    page = rendered("# <script>x</script>\n\n<img src=x onerror=y>")

    assert "<script" not in page
    assert "<img" not in page


def test_a_heading_has_githubs_anchor() -> None:
    assert slug("What `it_does`, and why") == "what-it_does-and-why"


def test_the_manual_can_be_read_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "first.md").write_text("# One")
    (tmp_path / "other.txt").write_text("no page")

    assert Manual(tmp_path).texts == {"first": "# One"}
