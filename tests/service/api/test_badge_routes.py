from collections.abc import AsyncIterator
from datetime import timedelta
from xml.etree import ElementTree as ET

import httpx2
import pytest
from pydantic import SecretStr

from schema.errors import ErrorWord
from schema.timestamps import utc_now
from service.api.badge import svg
from service.api.feed import ATOM
from service.api.signed import Signer
from service.history.ledger import Ledger
from tests.service.history_data import beat, connected
from tests.service.serving import asking

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse"


@pytest.fixture
async def client(
    database: dict[str, str], keys: dict[str, str]
) -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(database | keys | {"DASHBOARD_PASSWORD": PASSWORD}) as client:
        yield client


@pytest.mark.parametrize("path", ["/badge.svg", "/badge/postgres.svg"])
async def test_a_badge_accepts_the_password_or_a_signed_address(
    client: httpx2.AsyncClient, path: str
) -> None:
    signed = Signer(SecretStr(PASSWORD)).address(path)

    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, params={"key": "guess"})).status_code == 401
    for answer in (
        await client.get(f"{signed}&range=90d"),
        await client.get(path, auth=("any", PASSWORD)),
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert ET.fromstring(answer.text).get("aria-label")


async def test_a_signature_is_valid_for_its_own_path_only(client: httpx2.AsyncClient) -> None:
    key = Signer(SecretStr(PASSWORD)).address("/badge.svg").partition("?")[2]

    for path in ("/badge/postgres.svg", "/incidents.atom", "/worker/status", "/"):
        assert (await client.get(f"{path}?{key}")).status_code == 401


async def test_a_badge_of_an_unknown_source_is_not_found(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/badge/kafka.svg", auth=("any", PASSWORD))

    assert answer.status_code == 404


async def test_the_feed_is_atom_and_unavailable_while_postgres_is_without_tables(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/incidents.atom", auth=("any", PASSWORD))

    assert answer.status_code == 503
    assert answer.json()["message"].startswith("history is kept in PostgreSQL")


async def test_the_feed_lists_incidents(database: dict[str, str], keys: dict[str, str]) -> None:
    source = connected(database)
    await source.migrate()
    slot = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    record = beat(0, ErrorWord.READ_ONLY, source="valkey")
    records = [
        type(record)(
            **{each: getattr(record, each) for each in record.__slots__}
            | {"slot": slot + timedelta(minutes=n), "error": ErrorWord.READ_ONLY if n < 2 else None}
        )
        for n in range(5)
    ]
    await Ledger(source, "worker").add(records)
    await source.close()

    async with asking(database | keys | {"HEARTBEAT_TITLE": "shop & co"}) as client:
        answer = await client.get("/incidents.atom")

    feed = ET.fromstring(answer.text)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert feed.findtext(f"{{{ATOM}}}title") == "shop & co: incidents"
    (title,) = [each.text for each in feed.iterfind(f"{{{ATOM}}}entry/{{{ATOM}}}title")]
    assert title == "Valkey: read only"
    (link,) = [each.get("href") for each in feed.iterfind(f"{{{ATOM}}}entry/{{{ATOM}}}link")]
    assert link is not None
    assert link.endswith(f"/?range=1y#incident-valkey-{slot:%Y%m%dT%H%M%S}Z")


async def test_a_badge_never_rounds_up_and_escapes_its_label() -> None:
    image = svg("<a & b>", "ok", 0.999999, "30d")

    assert ET.fromstring(image).get("aria-label") == "<a & b>: ok, 99.99 % in 30d"
