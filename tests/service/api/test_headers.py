from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.responses import PlainTextResponse
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from service.api.headers import SECURITY, Headers
from tests.service.serving import NOWHERE, asking, served

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(NOWHERE | {"API_CORS_ORIGINS": "https://status.example.com"}) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/worker/status", "/worker/health", "/metrics", "/nothing", "/%00"]
)
async def test_every_response_has_the_security_headers(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert "server" not in answer.headers


async def test_a_refused_handshake_has_the_security_headers(client: httpx2.AsyncClient) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await connect(str(client.base_url.copy_with(scheme="ws", path="/elsewhere")))

    headers = refusal.value.response.headers
    assert {name: headers.get(name) for name in SECURITY} == SECURITY


def test_scripts_and_styles_are_allowed_from_the_same_origin_only() -> None:
    policy = SECURITY["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_a_status_response_must_not_be_stored(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/worker/status")

    assert answer.headers["cache-control"] == "no-store"


async def test_a_static_file_is_cached_and_revalidated(client: httpx2.AsyncClient) -> None:
    first = await client.get("/")
    again = await client.get("/", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304
    assert again.content == b""


async def test_a_responses_own_cache_control_is_kept() -> None:
    kept = PlainTextResponse("", headers={"Cache-Control": "max-age=60"})
    async with served(Headers(kept)) as address, httpx2.AsyncClient() as client:
        answer = await client.get(f"http://{address}")

    assert answer.headers["cache-control"] == "max-age=60"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_pages_that_load_from_a_cdn_are_off(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://status.example.com", True), ("https://evil.example.com", False)],
)
async def test_other_origins_read_only_where_they_are_allowed(
    client: httpx2.AsyncClient, origin: str, *, allowed: bool
) -> None:
    preflight_headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "heartbeat-refresh, heartbeat-refresh-failures",
    }
    preflight = await client.options("/worker/status", headers=preflight_headers)
    answer = await client.get("/worker/status", headers={"Origin": origin})

    assert preflight.status_code == (200 if allowed else 403)
    assert allowed or preflight.json()["error"] == "forbidden"
    assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)


@pytest.mark.parametrize("path", ["/livez", "/worker/status", "/"])
async def test_head_is_get_without_the_body(client: httpx2.AsyncClient, path: str) -> None:
    head, get = await client.head(path), await client.get(path)

    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert set(head.headers) == set(get.headers)


@pytest.mark.parametrize(
    ("origins", "taken"), [("https://status.example.com", "true"), ("*", None)]
)
async def test_only_origins_that_are_named_may_use_the_viewers_login(
    origins: str, taken: str | None
) -> None:
    async with asking(NOWHERE | {"API_CORS_ORIGINS": origins}) as client:
        headers = {"Origin": "https://status.example.com"}
        answer = await client.get("/worker/status", headers=headers)

    assert answer.headers.get("access-control-allow-credentials") == taken
