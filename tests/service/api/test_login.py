from collections.abc import AsyncIterator

import httpx2
import pytest

from service.api.attempts import FAILURES_MAX
from service.api.limits import LOGIN_MAX_BYTES
from service.api.login import safe
from service.api.password import COOKIE
from tests.service.serving import NOWHERE, asking

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse & battery = staple"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
OWN = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(
        NOWHERE | {"DASHBOARD_PASSWORD": PASSWORD, "HEARTBEAT_TITLE": "a <shop>"}
    ) as it:
        yield it


async def test_a_browser_gets_a_login_page_instead_of_its_own_dialog(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/?range=30d", headers=BROWSER)

    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert not answer.headers["www-authenticate"].startswith("Basic")
    assert 'action="./login"' in answer.text
    assert 'value="?range=30d"' in answer.text
    assert "a &lt;shop&gt; · Heartbeat" in answer.text
    assert "set-cookie" not in answer.headers


async def test_the_login_page_links_to_its_root_from_a_subpath(client: httpx2.AsyncClient) -> None:
    text = (await client.get("/worker/status", headers=BROWSER)).text

    assert 'action="../login"' in text
    assert 'href="../style.css"' in text
    assert 'value="worker/status"' in text


async def test_only_the_login_pages_stylesheet_is_public(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/style.css")).status_code == 200
    assert (await client.get("/page.js")).status_code == 401


async def test_monitors_and_curl_get_a_basic_challenge(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/", headers={"Accept": "*/*"})

    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert answer.json()["error"] == "unauthorized"


async def test_a_script_of_the_page_gets_an_error_and_no_dialog(
    client: httpx2.AsyncClient,
) -> None:
    headers = {"Accept": "application/json", "Sec-Fetch-Mode": "cors"}
    answer = await client.get("/worker/status", headers=headers)

    assert answer.json()["error"] == "unauthorized"
    assert not answer.headers["www-authenticate"].startswith("Basic")


async def test_the_right_password_sets_the_cookie_and_redirects_back(
    client: httpx2.AsyncClient,
) -> None:
    form = {"password": PASSWORD, "back": "?range=30d&wall=1"}
    answer = await client.post("/login", data=form, headers=OWN)

    assert (answer.status_code, answer.headers["location"]) == (303, "./?range=30d&wall=1")
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=")
    assert "HttpOnly; SameSite=Strict" in answer.headers["set-cookie"]
    assert (await client.get("/")).status_code == 200


async def test_a_wrong_password_is_an_error_that_does_not_repeat_it(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/login", data={"password": "guess", "back": "x"}, headers=OWN)

    assert answer.status_code == 401
    assert "That is not the password." in answer.text
    assert "guess" not in answer.text
    assert 'value="x"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_after_too_many_failed_logins_the_client_must_wait(
    client: httpx2.AsyncClient,
) -> None:
    for _ in range(FAILURES_MAX):
        await client.post("/login", data={"password": "guess"}, headers=OWN)

    answer = await client.post("/login", data={"password": PASSWORD}, headers=OWN)
    page = await client.get("/", headers=BROWSER)

    assert answer.status_code == page.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Too many failed logins: wait 15 minutes." in answer.text
    assert "Too many failed logins" in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_from_another_site_is_ignored(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post("/login", data={"password": PASSWORD}, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"password", b"a=1&b=2&c=3&d=4&e=5"])
async def test_a_malformed_form_is_a_wrong_password(
    client: httpx2.AsyncClient, body: bytes
) -> None:
    assert (await client.post("/login", content=body, headers=OWN)).status_code == 401


async def test_the_size_of_a_form_is_limited(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/login", content=b"p" * (LOGIN_MAX_BYTES + 1), headers=OWN)

    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/", "/worker/status", "/login/"])
async def test_no_other_path_accepts_a_form(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.post(path, data={"password": PASSWORD}, headers=OWN)

    assert answer.status_code in {405, 413}


async def test_without_a_password_there_is_no_login() -> None:
    async with asking(NOWHERE) as client:
        answer = await client.post("/login", data={"password": "any"})

    assert answer.status_code in {404, 405}


@pytest.mark.parametrize(
    ("back", "where"),
    [
        ("?range=30d", "?range=30d"),
        ("worker/status", "worker/status"),
        ("//evil.example", ""),
        ("https://evil.example/", "https://evil.example/"),
        ("x\r\nSet-Cookie: a=b", ""),
        ("\\\\evil", ""),
    ],
)
def test_the_redirect_after_a_login_stays_on_this_site(back: str, where: str) -> None:
    # What is left over is put behind `./`, so that a scheme in it is a folder's name.
    assert safe(back) == where
