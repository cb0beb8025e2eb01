from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import anyio
import httpx2
import pytest

from schema.errors import ErrorWord
from schema.incidents import Incidents
from schema.timestamps import utc_now
from schema.uptime import History
from tests.service.history_data import keep, two_hours
from tests.service.serving import asking

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def client(lasting: dict[str, str]) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an API on PostgreSQL and Valkey, with two hours of history."""
    environ = {k: v for k, v in lasting.items() if k.startswith(("PG", "VALKEY"))}
    await keep(environ, two_hours(failed={60, 61, 62}))
    async with asking(environ) as client:
        yield client


async def got(client: httpx2.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(client: httpx2.AsyncClient, path: str, status: int, **query: Any) -> str:
    answer = await client.get(path, params=query)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "message"}
    return str(answer.json()["message"])


async def test_by_default_history_covers_a_day_of_every_source_in_half_hours(
    client: httpx2.AsyncClient,
) -> None:
    history = History.model_validate(await got(client, "/history"))

    assert history.end - history.start == timedelta(hours=24)
    assert (history.bucket_seconds, history.interval_seconds) == (1800, 60)
    counts = {each.source: (each.title, each.ok, each.failed) for each in history.sources}
    assert counts == {"postgres": ("PostgreSQL", 117, 3), "valkey": ("Valkey", 120, 0)}
    assert {len(each.buckets) for each in history.sources} == {48}


async def test_source_and_window_of_history_can_be_chosen(client: httpx2.AsyncClient) -> None:
    now = utc_now()
    begin = (now - timedelta(hours=1)).isoformat()

    found = await got(
        client, "/history", source="valkey", to=now.isoformat(), buckets=6, **{"from": begin}
    )

    history = History.model_validate(found)
    assert [each.source for each in history.sources] == ["valkey"]
    assert (len(history.sources[0].buckets), history.bucket_seconds) == (6, 600)


@pytest.mark.parametrize(
    ("span", "count", "seconds"),
    [
        ("24h", 96, 900),
        ("7d", 84, 7200),
        ("30d", 30, 86400),
        ("90d", 90, 86400),
        ("1y", 53, 604800),
    ],
)
async def test_a_range_is_divided_at_round_times(
    client: httpx2.AsyncClient, span: str, count: int, seconds: int
) -> None:
    history = History.model_validate(await got(client, "/history", range=span))

    assert history.bucket_seconds == seconds
    assert {len(each.buckets) for each in history.sources} == {count}
    assert history.start <= history.as_of < history.end
    assert sum(each.ok for each in history.sources[1].buckets) == 120


async def test_incidents_of_a_range_are_limited_and_counted(client: httpx2.AsyncClient) -> None:
    found = Incidents.model_validate(await got(client, "/incidents", range="24h", limit=1))
    whole = Incidents.model_validate(await got(client, "/incidents", range="24h"))

    assert (found.total, len(found.incidents)) == (whole.total, 1)
    assert [each.source for each in whole.incidents] == ["postgres"]
    assert found.longest == whole.incidents[0]


async def test_the_workers_outages_can_be_requested_alone(client: httpx2.AsyncClient) -> None:
    found = Incidents.model_validate(await got(client, "/incidents", source="worker"))

    assert found.incidents == []
    assert found.total == 0


@pytest.mark.parametrize("path", ["/history", "/incidents"])
async def test_a_range_together_with_an_end_is_refused(
    client: httpx2.AsyncClient, path: str
) -> None:
    begin = (utc_now() - timedelta(hours=1)).isoformat()

    assert "give one" in await refused(client, path, 422, range="24h", to=begin)
    assert "24h" in await refused(client, path, 422, range="2d")


async def test_a_year_is_divided_into_whole_hours(client: httpx2.AsyncClient) -> None:
    begin = (utc_now() - timedelta(days=365)).isoformat()

    history = History.model_validate(await got(client, "/history", buckets=52, **{"from": begin}))

    assert history.bucket_seconds == 169 * 3600
    assert history.sources[0].buckets[-1].ok == history.sources[0].ok == 117


async def test_an_incident_has_start_end_and_missed_beats(client: httpx2.AsyncClient) -> None:
    incidents = Incidents.model_validate(await got(client, "/incidents"))

    (incident,) = incidents.incidents
    assert (incident.source, incident.title) == ("postgres", "PostgreSQL")
    assert (incident.error, incident.beats_missed) == (ErrorWord.READ_ONLY, 3)
    assert incident.end is not None
    assert incident.end - incident.start == timedelta(minutes=3)
    assert (await got(client, "/incidents", source="valkey"))["incidents"] == []


@pytest.mark.parametrize("path", ["/history", "/incidents"])
async def test_an_unknown_source_is_an_error_that_lists_the_sources(
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
        ({"to": "2099-01-01T00:00:00Z"}, "to: 2099-01-01T00:00:00+00:00 is in the future"),
        ({"from": "2001-01-01T00:00:00Z"}, "from: 2001-01-01T00:00:00+00:00 is beyond the 400"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from: "),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to: "),
        ({"to": "9999-12-31T23:59:59-14:00"}, "to: "),
    ],
)
async def test_an_invalid_parameter_is_refused_by_name(
    client: httpx2.AsyncClient, query: dict[str, Any], message: str
) -> None:
    assert (await refused(client, "/history", 422, **query)).startswith(message)


async def test_an_end_before_the_start_is_refused(client: httpx2.AsyncClient) -> None:
    now = utc_now()
    query = {"from": now.isoformat(), "to": (now - timedelta(hours=1)).isoformat()}

    for path in ("/history", "/incidents"):
        assert "is not before to" in await refused(client, path, 422, **query)


async def test_concurrent_requests_share_one_query(client: httpx2.AsyncClient) -> None:
    answers: list[str] = []

    async def request() -> None:
        # No other test has this limit, so its answer is not cached.
        answers.append((await client.get("/incidents", params={"limit": 77})).text)

    async with anyio.create_task_group() as tasks:
        for _ in range(40):
            tasks.start_soon(request)

    assert len(answers) == 40
    assert len(set(answers)) == 1  # each query would have another end
