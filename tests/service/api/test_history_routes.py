from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import anyio
import httpx2
import pytest

from local.postgres import Postgres as PostgresServer
from schema.errors import ErrorWord
from schema.history import Record
from schema.responses import History, Incidents
from schema.timestamps import utc_now
from service.history.ledger import Ledger
from service.sources.postgres.store import Postgres
from tests.service.serving import NOWHERE, asking

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(
    source: Postgres, database: dict[str, str], keys: dict[str, str]
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an API on PostgreSQL and Valkey, with two hours of history."""
    slot = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=120)
    missed = {60, 61, 62}
    await Ledger(source, "worker").add(
        [
            Record(
                source=name,
                slot=slot + timedelta(minutes=n),
                interval_seconds=60.0,
                stamp=slot + timedelta(minutes=n, seconds=1),
                error=ErrorWord.READ_ONLY if n in missed and name == "postgres" else None,
                attempts=1,
                latency_ms=2.0,
            )
            for n in range(120)
            for name in ("postgres", "valkey")
        ]
    )
    async with asking(database | keys) as asked:
        yield asked


async def got(client: httpx2.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(client: httpx2.AsyncClient, path: str, status: int, **query: Any) -> str:
    answer = await client.get(path, params=query)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "message"}
    return str(answer.json()["message"])


async def test_history_is_of_a_day_in_half_hours_of_every_source(
    client: httpx2.AsyncClient,
) -> None:
    history = History.model_validate(await got(client, "/history"))

    assert history.end - history.start == timedelta(hours=24)
    assert (history.bucket_seconds, history.interval_seconds) == (1800, 60)
    told = {each.source: (each.title, each.ok, each.failed) for each in history.sources}
    assert told == {"postgres": ("PostgreSQL", 117, 3), "valkey": ("Valkey", 120, 0)}
    assert {len(each.buckets) for each in history.sources} == {48}


async def test_history_of_one_source_in_a_window_of_ones_own(client: httpx2.AsyncClient) -> None:
    now = utc_now()
    begin = (now - timedelta(hours=1)).isoformat()

    found = await got(
        client, "/history", source="valkey", to=now.isoformat(), buckets=6, **{"from": begin}
    )

    history = History.model_validate(found)
    assert [each.source for each in history.sources] == ["valkey"]
    assert (len(history.sources[0].buckets), history.bucket_seconds) == (6, 600)


@pytest.mark.parametrize(
    ("asked", "count", "seconds"),
    [
        ("24h", 96, 900),
        ("7d", 84, 7200),
        ("30d", 30, 86400),
        ("90d", 90, 86400),
        ("1y", 53, 604800),
    ],
)
async def test_a_range_is_cut_at_round_moments(
    client: httpx2.AsyncClient, asked: str, count: int, seconds: int
) -> None:
    history = History.model_validate(await got(client, "/history", range=asked))

    assert history.bucket_seconds == seconds
    assert {len(each.buckets) for each in history.sources} == {count}
    assert history.start <= history.as_of < history.end
    assert sum(each.ok for each in history.sources[1].buckets) == 120


async def test_incidents_of_a_range_are_cut_and_counted(client: httpx2.AsyncClient) -> None:
    found = Incidents.model_validate(await got(client, "/incidents", range="24h", limit=1))
    whole = Incidents.model_validate(await got(client, "/incidents", range="24h"))

    assert (found.total, len(found.incidents)) == (whole.total, 1)
    assert [each.source for each in whole.incidents] == ["postgres"]
    assert found.longest == whole.incidents[0]


async def test_the_workers_silence_can_be_asked_for_alone(client: httpx2.AsyncClient) -> None:
    found = Incidents.model_validate(await got(client, "/incidents", source="worker"))

    assert found.incidents == []
    assert found.total == 0


@pytest.mark.parametrize("path", ["/history", "/incidents"])
async def test_a_range_with_ends_of_its_own_is_refused(
    client: httpx2.AsyncClient, path: str
) -> None:
    begin = (utc_now() - timedelta(hours=1)).isoformat()

    assert "give one" in await refused(client, path, 422, range="24h", to=begin)
    assert "24h" in await refused(client, path, 422, range="2d")


async def test_a_year_is_told_in_whole_hours(client: httpx2.AsyncClient) -> None:
    begin = (utc_now() - timedelta(days=365)).isoformat()

    history = History.model_validate(await got(client, "/history", buckets=52, **{"from": begin}))

    assert history.bucket_seconds == 169 * 3600
    assert history.sources[0].buckets[-1].ok == history.sources[0].ok == 117


async def test_incidents_say_when_a_source_was_not_ok(client: httpx2.AsyncClient) -> None:
    incidents = Incidents.model_validate(await got(client, "/incidents"))

    (incident,) = incidents.incidents
    assert (incident.source, incident.title) == ("postgres", "PostgreSQL")
    assert (incident.error, incident.beats_missed) == (ErrorWord.READ_ONLY, 3)
    assert incident.end is not None
    assert incident.end - incident.start == timedelta(minutes=3)
    assert (await got(client, "/incidents", source="valkey"))["incidents"] == []


@pytest.mark.parametrize("path", ["/history", "/incidents"])
async def test_a_source_that_is_not_there_is_not_found_by_name(
    client: httpx2.AsyncClient, path: str
) -> None:
    for name in ("mysql", "iam", ""):  # without AWS there is no identity
        message = await refused(client, path, 404, source=name)

        assert message == f"there is no source {name!r} here, but postgres, valkey"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"buckets": 0}, "buckets: "),
        ({"buckets": 2001}, "buckets: "),
        ({"buckets": "many"}, "buckets: "),
        ({"from": "yesterday"}, "from: "),
        ({"from": "2026-11-24T10:00:00"}, "from: "),
        ({"to": "2099-01-01T00:00:00Z"}, "to: 2099-01-01T00:00:00+00:00 lies in the future"),
        ({"from": "2001-01-01T00:00:00Z"}, "from: 2001-01-01T00:00:00+00:00 is beyond the 400"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from: "),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to: "),
        ({"to": "9999-12-31T23:59:59-14:00"}, "to: "),
    ],
)
async def test_nonsense_is_refused_in_one_clear_sentence(
    client: httpx2.AsyncClient, query: dict[str, Any], message: str
) -> None:
    assert (await refused(client, "/history", 422, **query)).startswith(message)


async def test_ends_the_wrong_way_are_refused(client: httpx2.AsyncClient) -> None:
    now = utc_now()
    query = {"from": now.isoformat(), "to": (now - timedelta(hours=1)).isoformat()}

    for path in ("/history", "/incidents"):
        assert "is not before to" in await refused(client, path, 422, **query)


async def test_many_who_ask_cost_postgres_one_reading(client: httpx2.AsyncClient) -> None:
    answers: list[str] = []

    async def ask() -> None:
        answers.append((await client.get("/incidents")).text)

    async with anyio.create_task_group() as tasks:
        for _ in range(40):
            tasks.start_soon(ask)

    assert len(answers) == 40
    assert len(set(answers)) == 1  # each reading ends at a moment of its own


async def test_postgres_away_is_said_in_the_one_shape(
    client: httpx2.AsyncClient, postgres: PostgresServer
) -> None:
    postgres.stop()
    try:
        for path in ("/history", "/incidents"):
            message = await refused(client, path, 503)

            assert message == (
                "history is kept in PostgreSQL, which cannot be read now: unreachable"
            )
    finally:
        postgres.start()


async def test_a_postgres_that_hangs_is_said_within_a_deadline_and_once_for_all(
    client: httpx2.AsyncClient, postgres: PostgresServer
) -> None:
    await got(client, "/incidents", source="valkey")  # a connection that will hang
    postgres.pause()
    try:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(refused, client, "/incidents", 503)
            assert (await client.get("/livez")).status_code == 200
    finally:
        postgres.resume()


async def test_a_database_without_the_tables_is_said(
    database: dict[str, str], keys: dict[str, str]
) -> None:
    async with asking(database | keys) as client:
        assert (await refused(client, "/history", 503)).endswith("now: not_found")


async def test_without_postgres_there_is_no_history(keys: dict[str, str]) -> None:
    async with asking(keys) as client:
        message = await refused(client, "/history", 503)

    assert message == "history is kept in PostgreSQL, which is not configured: not_configured"


async def test_an_address_where_nobody_listens_is_unreachable_at_once() -> None:
    async with asking(NOWHERE) as client:
        assert (await refused(client, "/incidents", 503)).endswith("unreachable")
