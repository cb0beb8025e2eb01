from collections.abc import AsyncIterator

import httpx2
import pytest

from service.api.page import Page
from tests.service.serving import NOWHERE, asking

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(NOWHERE | {"HEARTBEAT_TITLE": "shop <eu> & co"}) as client:
        yield client


async def test_the_page_loads_one_bundled_module(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/")).text

    assert 'src="page.js"' in document
    assert "main.js" not in document
    assert "const $main =" in (await client.get("/page.js")).text


async def test_each_module_is_served_as_it_is_written(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/words.js")

    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "export function span" in answer.text


async def test_the_deployments_name_is_escaped_in_title_and_heading(
    client: httpx2.AsyncClient,
) -> None:
    document = (await client.get("/")).text

    name = "shop &lt;eu&gt; &amp; co"
    assert f"<title>{name} · Heartbeat</title>" in document
    assert f'<b id="deployment">{name}</b>' in document
    assert f'data-deployment="{name}"' in document


async def test_without_a_title_the_page_is_named_heartbeat() -> None:
    document = Page().files["index.html"].body.decode()

    assert "<title>Heartbeat</title>" in document
    assert '<b id="deployment"></b>' in document


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)]
)
async def test_a_file_has_an_encoding_that_the_client_accepts(
    client: httpx2.AsyncClient, accepted: str, encoding: str | None
) -> None:
    answer = await client.get("/style.css", headers={"Accept-Encoding": accepted})

    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert ":root" in answer.text


async def test_an_etag_belongs_to_one_content_in_one_encoding(client: httpx2.AsyncClient) -> None:
    packed = await client.get("/style.css", headers={"Accept-Encoding": "br"})
    plain = await client.get("/style.css", headers={"Accept-Encoding": "identity"})
    tag = packed.headers["etag"]

    assert tag != plain.headers["etag"]
    for etag, encoding, status in [
        (tag, "br", 304),
        (f'"other", W/{tag}', "br", 304),
        ("*", "br", 304),
        (tag, "identity", 200),
        ('"other"', "br", 200),
    ]:
        headers = {"If-None-Match": etag, "Accept-Encoding": encoding}
        again = await client.get("/style.css", headers=headers)
        assert again.status_code == status, etag
        assert (again.content == b"") == (status == 304)


async def test_the_manual_ignores_range_requests(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/style.css", headers={"Range": "bytes=5-1"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/nothing.js", "/../pyproject.toml", "/web/", "/%2e%2e/README.md"]
)
async def test_no_other_file_is_served(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
