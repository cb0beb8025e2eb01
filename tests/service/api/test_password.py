import base64
import hmac
from collections.abc import AsyncIterator

import httpx2
import pytest
from pydantic import SecretStr
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from service.api import attempts
from service.api.app import create
from service.api.attempts import ADDRESSES_MAX, FAILURES_MAX, WINDOW_S, LoginAttempts
from service.api.password import COOKIE, COOKIE_LIFETIME_S, Password
from service.settings import load
from tests.service.serving import NOWHERE, asking, served

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse: battery staple"
LOCKED = NOWHERE | {"DASHBOARD_PASSWORD": PASSWORD}
RIGHT = ("anyone", PASSWORD)
WRONG = ("anyone", "guess")


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(LOCKED) as client:
        yield client


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz"])
async def test_platforms_need_no_password(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code != 401


@pytest.mark.parametrize(
    "path", ["/", "/worker/status", "/worker/health", "/metrics", "/openapi.json", "/nothing"]
)
async def test_every_other_path_requires_the_password(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert answer.json()["error"] == "unauthorized"
    assert "x-content-type-options" in answer.headers


@pytest.mark.parametrize("user", ["anyone", "", "ünïcode"])
async def test_any_user_name_is_accepted_with_the_password(
    client: httpx2.AsyncClient, user: str
) -> None:
    token = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    answer = await client.get("/worker/status", headers={"Authorization": f"Basic {token}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Basic " + base64.b64encode(PASSWORD.encode()).decode(),
        "Basic " + base64.b64encode(f"x:{PASSWORD} ".encode()).decode(),
        "Bearer " + PASSWORD,
        "",
    ],
)
async def test_a_wrong_or_malformed_login_is_refused(
    client: httpx2.AsyncClient, authorization: str
) -> None:
    answer = await client.get("/worker/status", headers={"Authorization": authorization})

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_passwords_are_compared_in_constant_time(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def compare(received: bytes, expected: bytes) -> bool:
        compared.append((len(received), len(expected)))
        return received == expected

    await client.get("/worker/status")
    monkeypatch.setattr(hmac, "compare_digest", compare)
    for user, password in (("x", ""), ("", "y"), ("x" * 99, "z" * 999), ("x", PASSWORD[:-1])):
        client.cookies.clear()
        await client.get("/worker/status", auth=(user, password))

    # One comparison for the missing cookie, one for the password, of digests with a fixed length.
    assert compared == [(0, 64), (32, 32)] * 4


async def test_the_right_password_sets_a_cookie_that_suffices(client: httpx2.AsyncClient) -> None:
    first = await client.get("/worker/status", auth=RIGHT)
    again = await client.get("/worker/status")

    attributes = first.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(attributes)
    assert "Secure" not in attributes
    assert again.status_code == 200
    assert "set-cookie" not in again.headers


async def test_the_cookie_is_secure_where_the_request_came_by_https(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/worker/status", auth=RIGHT, headers={"X-Forwarded-Proto": "https"})

    assert answer.headers["set-cookie"].endswith("; Secure")


async def test_a_cookie_ends_after_twelve_hours_and_with_a_new_password() -> None:
    clock = [1_000_000.0]
    cookie = await _cookie_of(Password(_hello, _secret(PASSWORD), now=lambda: clock[0]))
    restarted = Password(_hello, _secret(PASSWORD), now=lambda: clock[0])
    renamed = Password(_hello, _secret("another"), now=lambda: clock[0])

    assert await _status(restarted, cookie) == 200
    assert await _status(renamed, cookie) == 401
    clock[0] += COOKIE_LIFETIME_S - 1
    assert await _status(restarted, cookie) == 200
    clock[0] += 2
    assert await _status(restarted, cookie) == 401


@pytest.mark.parametrize(
    "cookie",
    ["", ".", "99999999999.", "99999999999.00", "x.y", "99999999999." + "0" * 64, '"', "é.é"],
)
async def test_a_forged_cookie_opens_nothing(cookie: str) -> None:
    assert await _status(Password(_hello, _secret(PASSWORD)), cookie) == 401


async def test_a_foreign_cookie_with_an_invalid_name_is_not_an_error(
    client: httpx2.AsyncClient,
) -> None:
    headers = {"Cookie": "a/b=1"}

    assert (await client.get("/worker/status", headers=headers)).status_code == 401


async def test_the_expiry_of_a_cookie_cannot_be_changed() -> None:
    cookie = await _cookie_of(Password(_hello, _secret(PASSWORD)))
    expiry, signature = cookie.split(".")

    moved = f"{int(expiry) + 1}.{signature}"
    assert await _status(Password(_hello, _secret(PASSWORD)), moved) == 401


async def test_the_websocket_accepts_the_cookie_or_the_password(client: httpx2.AsyncClient) -> None:
    async with served(create(load(LOCKED))) as address:
        await client.get(f"http://{address}/worker/status", auth=RIGHT)
        cookie = {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
        token = base64.b64encode(f"x:{PASSWORD}".encode()).decode()
        for headers in (cookie, {"Authorization": f"Basic {token}"}):
            async with connect(f"ws://{address}/ws", additional_headers=headers) as socket:
                assert "overall_status" in str(await socket.recv())

        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"ws://{address}/ws")
    assert refusal.value.response.status_code == 401


def offered(password: str) -> list[Subprotocol]:
    """Return the subprotocols that a page offers, as web/client.js makes them."""
    token = base64.urlsafe_b64encode(f":{password}".encode()).decode().rstrip("=")
    return [Subprotocol("heartbeat"), Subprotocol(f"basic.{token}")]


async def test_a_page_of_an_allowed_origin_offers_the_password_with_its_handshake() -> None:
    site = Origin("https://status.example.com")
    async with served(create(load(LOCKED | {"API_CORS_ORIGINS": site}))) as address:
        right, url = offered(PASSWORD), f"ws://{address}/ws"
        async with connect(url, origin=site, subprotocols=right) as socket:
            assert socket.subprotocol == "heartbeat"
            assert "overall_status" in str(await socket.recv())

        for origin, protocols in ((site, offered("guess")), ("https://evil.example.com", right)):
            with pytest.raises(InvalidStatus) as refusal:
                await connect(url, origin=Origin(origin), subprotocols=protocols)
            assert refusal.value.response.status_code == 401


async def test_a_foreign_page_cannot_use_up_its_visitors_attempts() -> None:
    async with served(create(load(LOCKED))) as address:
        for _ in range(FAILURES_MAX + 1):
            with pytest.raises(InvalidStatus) as refusal:
                await connect(
                    f"ws://{address}/ws",
                    origin=Origin("https://evil.example.com"),
                    subprotocols=offered("guess"),
                )
            assert refusal.value.response.status_code == 401

        async with httpx2.AsyncClient() as client:
            answer = await client.get(f"http://{address}/worker/status", auth=RIGHT)
    assert answer.status_code == 200


async def test_passwords_that_are_offered_count_as_attempts() -> None:
    async with served(create(load(LOCKED))) as address:
        statuses = []
        for _ in range(FAILURES_MAX + 1):
            with pytest.raises(InvalidStatus) as refusal:
                await connect(
                    f"ws://{address}/ws",
                    origin=Origin(f"http://{address}"),
                    subprotocols=[Subprotocol("basic.A"), Subprotocol("heartbeat")],
                )
            statuses.append(refusal.value.response.status_code)

    assert statuses == [401] * FAILURES_MAX + [429]


async def test_too_many_failed_logins_of_an_address_are_refused(client: httpx2.AsyncClient) -> None:
    for _ in range(FAILURES_MAX):
        assert (await client.get("/worker/status", auth=WRONG)).status_code == 401
    refused = await client.get("/worker/status", auth=RIGHT)

    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= WINDOW_S
    assert refused.json()["error"] == "too_many_requests"


async def test_a_valid_cookie_is_accepted_despite_failed_logins(client: httpx2.AsyncClient) -> None:
    await client.get("/worker/status", auth=RIGHT)
    cookies = dict(client.cookies)
    client.cookies.clear()
    for _ in range(FAILURES_MAX):
        await client.get("/worker/status", auth=WRONG)

    client.cookies.update(cookies)
    assert (await client.get("/worker/status")).status_code == 200


async def test_the_proxys_header_distinguishes_clients_only_if_it_is_trusted() -> None:
    trusting = LOCKED | {"TRUSTED_PROXY_HEADER": "X-Forwarded-For"}
    for environ, status in ((trusting, 200), (LOCKED, 429)):
        async with asking(environ) as client:
            for _ in range(FAILURES_MAX):
                attacker = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7"}
                await client.get("/worker/status", auth=WRONG, headers=attacker)
            person = {"X-Forwarded-For": "203.0.113.7, 192.0.2.1"}
            answer = await client.get("/worker/status", auth=RIGHT, headers=person)

            assert answer.status_code == status


def test_a_client_may_try_again_when_its_window_has_passed() -> None:
    clock = [0.0]
    seen = LoginAttempts(lambda: clock[0])
    for _ in range(FAILURES_MAX):
        seen.fail("192.0.2.1")

    assert seen.wait_s("192.0.2.1") == WINDOW_S
    assert seen.wait_s("192.0.2.2") == 0
    clock[0] = WINDOW_S
    assert seen.wait_s("192.0.2.1") == 0
    seen.fail("192.0.2.1")
    assert seen.wait_s("192.0.2.1") == 0


def test_one_ipv6_network_is_one_client() -> None:
    seen = LoginAttempts(lambda: 0.0)
    for host in range(FAILURES_MAX):
        seen.fail(f"2001:db8::{host:x}")

    assert seen.wait_s("2001:db8::ffff") > 0
    assert seen.wait_s("2001:db8:0:1::") == 0


@pytest.mark.parametrize(
    "forms",
    [
        ["203.0.113.5", "::ffff:203.0.113.5", "203.0.113.5:4711", "[::ffff:203.0.113.5]:80"],
        ["2001:db8::1", "[2001:db8::2]:4711", "[2001:db8::3]"],
    ],
)
def test_every_spelling_of_an_address_is_one_client(forms: list[str]) -> None:
    seen = LoginAttempts(lambda: 0.0)
    for number in range(FAILURES_MAX):
        seen.fail(forms[number % len(forms)])

    assert all(seen.wait_s(form) > 0 for form in forms)
    assert seen.wait_s("203.0.113.6") == seen.wait_s("2001:db8:1::") == 0


async def test_the_last_of_several_header_lines_is_the_proxys() -> None:
    async with asking(LOCKED | {"TRUSTED_PROXY_HEADER": "X-Forwarded-For"}) as client:
        for number in range(FAILURES_MAX):
            lines = [("X-Forwarded-For", f"198.51.100.{number}"), ("X-Forwarded-For", "192.0.2.1")]
            await client.get("/worker/status", auth=WRONG, headers=lines)
        answer = await client.get(
            "/worker/status", auth=RIGHT, headers={"X-Forwarded-For": "192.0.2.1"}
        )

    assert answer.status_code == 429


@pytest.mark.parametrize("beside", ["a b=c; {}", "{}; =", 'x="unclosed; {}', "@[]=1; {}"])
async def test_the_cookie_is_found_beside_an_ill_formed_one(
    client: httpx2.AsyncClient, beside: str
) -> None:
    await client.get("/worker/status", auth=RIGHT)
    ours = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    client.cookies.clear()

    one = await client.get("/worker/status", headers={"Cookie": beside.format(ours)})
    two = await client.get("/worker/status", headers=[("Cookie", "a=b"), ("Cookie", ours)])

    assert (one.status_code, two.status_code) == (200, 200)


async def test_readyz_without_a_login_contains_only_ready(
    client: httpx2.AsyncClient,
) -> None:
    document = (await client.get("/readyz")).json()

    assert document.pop("ready") in {True, False}
    assert set(document.values()) == {None}


def test_the_number_of_remembered_addresses_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "ADDRESSES_MAX", 100)
    seen = LoginAttempts(lambda: 0.0)
    for number in range(1_000):
        seen.fail(f"client {number}")

    assert len(seen._failures) == 100
    assert ADDRESSES_MAX == 10_000


def test_a_long_address_is_truncated() -> None:
    seen = LoginAttempts(lambda: 0.0)
    seen.fail("x" * 10_000)

    assert max(map(len, seen._failures)) < 100


def _secret(text: str) -> SecretStr:
    return SecretStr(text)


async def _hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


async def _cookie_of(app: Password) -> str:
    """Log in; return the cookie."""
    async with _client(app) as client:
        await client.get("/", auth=RIGHT)
        return str(client.cookies[COOKIE])


async def _status(app: Password, cookie: str) -> int:
    async with _client(app) as client:
        header = {b"Cookie": f"{COOKIE}={cookie}".encode("latin-1")}
        return (await client.get("/", headers=header)).status_code


def _client(app: Password) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url="http://heartbeat")
