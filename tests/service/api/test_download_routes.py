import csv
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import anyio
import httpx2
import pytest
from starlette.types import Message

from local.postgres import Postgres as PostgresServer
from schema.errors import ErrorWord
from schema.history import RECORD_JSON, Record
from schema.timestamps import utc_now
from service.api.app import create
from service.history import stamps
from service.history.ledger import Ledger
from service.settings import load
from service.sources.postgres.store import Postgres
from tests.service.serving import asking

pytestmark = pytest.mark.anyio

FORMATS = ["/history.csv", "/history.ndjson"]


@pytest.fixture
async def beats(source: Postgres) -> list[Record]:
    """Two hours of beats of two sources, one of which failed for some minutes."""
    slot = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=120)
    found = [
        Record(
            source=name,
            slot=slot + timedelta(minutes=n),
            interval_seconds=60.0,
            stamp=slot + timedelta(minutes=n, seconds=1, microseconds=n),
            error=ErrorWord.READ_ONLY if n in {60, 61} and name == "postgres" else None,
            attempts=1,
            latency_ms=2.25,
        )
        for name in ("postgres", "valkey")
        for n in range(120)
    ]
    await Ledger(source, "worker").add(found)
    return found


@pytest.fixture
async def client(
    beats: list[Record],  # noqa: ARG001 - they are there before anybody asks
    database: dict[str, str],
    keys: dict[str, str],
) -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(database | keys) as asked:
        yield asked


def read(answer: httpx2.Response) -> list[Record]:
    """The beats of a download, in either format."""
    if answer.headers["content-type"].startswith("text/csv"):
        rows = csv.DictReader(answer.text.splitlines())
        return [RECORD_JSON.validate_python({**row, "error": row["error"] or None}) for row in rows]
    return [RECORD_JSON.validate_json(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("path", FORMATS)
async def test_a_download_has_every_beat_of_every_source(
    client: httpx2.AsyncClient, beats: list[Record], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps.pages, "__defaults__", (7,))

    answer = await client.get(path)

    assert answer.status_code == 200
    assert read(answer) == beats
    name = path.removeprefix("/").replace("history", "heartbeat-history")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["cache-control"] == "no-store"


async def test_the_formats_are_csv_with_a_head_and_json_lines(client: httpx2.AsyncClient) -> None:
    as_csv = (await client.get("/history.csv", params={"source": "postgres"})).text
    as_json = (await client.get("/history.ndjson", params={"source": "postgres"})).text

    head, first, *_ = as_csv.split("\r\n")
    assert head == "source,slot,stamp,interval_seconds,error,attempts,latency_ms"
    fields = dict(zip(head.split(","), first.split(","), strict=True))
    line = json.loads(as_json.splitlines()[0])
    assert list(line) == head.split(",")
    assert fields == {key: "" if value is None else str(value) for key, value in line.items()}
    assert fields["slot"].endswith("Z")


@pytest.mark.parametrize("path", FORMATS)
async def test_a_window_and_a_source_choose_the_beats(
    client: httpx2.AsyncClient, beats: list[Record], path: str
) -> None:
    begin, end = beats[10].slot, beats[20].slot
    query = {"source": "valkey", "from": begin.isoformat(), "to": end.isoformat()}

    found = read(await client.get(path, params=query))

    assert found == [each for each in beats[120:] if begin <= each.slot < end]


async def test_an_empty_window_is_a_file_without_beats(client: httpx2.AsyncClient) -> None:
    moment = utc_now() - timedelta(days=2)
    query = {"from": moment.isoformat(), "to": (moment + timedelta(hours=1)).isoformat()}

    assert (await client.get("/history.ndjson", params=query)).text == ""
    assert (await client.get("/history.csv", params=query)).text.count("\n") == 1


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ({"source": "iam"}, 404, "there is no source 'iam' here, but postgres, valkey"),
        ({"from": "yesterday"}, 422, "from: "),
        ({"range": "1y"}, 422, "HISTORY_RETENTION_DAYS"),
        ({"range": "24h", "to": "2026-11-24T10:00:00Z"}, 422, "give one"),
        ({"from": "2001-01-01T00:00:00Z"}, 422, "is beyond"),
    ],
)
async def test_nonsense_and_what_is_not_kept_is_refused(
    client: httpx2.AsyncClient, query: dict[str, Any], status: int, message: str
) -> None:
    for path in FORMATS:
        answer = await client.get(path, params=query)

        assert answer.status_code == status
        assert message in answer.json()["message"]


async def test_all_that_is_kept_can_be_downloaded(client: httpx2.AsyncClient) -> None:
    assert len(read(await client.get("/history.ndjson", params={"range": "90d"}))) == 240


async def test_a_download_asks_for_the_password(database: dict[str, str]) -> None:
    async with asking(database | {"DASHBOARD_PASSWORD": "dash-hunter2"}) as client:
        for path in FORMATS:
            assert (await client.get(path)).status_code == 401


async def test_postgres_away_is_an_answer(
    client: httpx2.AsyncClient, postgres: PostgresServer
) -> None:
    postgres.stop()
    try:
        answer = await client.get("/history.csv")

        assert (answer.status_code, answer.json()["error"]) == (503, "unreachable")
    finally:
        postgres.start()


async def test_postgres_lost_in_the_middle_leaves_no_file_that_looks_whole(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    monkeypatch.setattr(stamps.pages, "__defaults__", (1,))

    async with client.stream("GET", "/history.csv", timeout=None) as answer:
        postgres.stop()
        try:
            with pytest.raises(httpx2.RemoteProtocolError):
                await answer.aread()
        finally:
            postgres.start()


async def test_a_download_waits_for_who_reads_it(
    beats: list[Record], database: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps.pages, "__defaults__", (10,))
    pieces: list[bytes] = []
    wanted, sent = anyio.Semaphore(0), anyio.Semaphore(0)

    async def send(message: Message) -> None:
        await wanted.acquire()
        pieces.append(message.get("body", b""))
        sent.release()

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    app = create(load(database))
    async with app.router.lifespan_context(app) as state, anyio.create_task_group() as tasks:
        assert state is not None
        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "http_version": "1.1",
            "root_path": "",
            "path": "/history.ndjson",
            "raw_path": b"/history.ndjson",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "state": dict(state),
        }
        past = await state["archive"].past.get()
        read_pages = 0
        original = past.beats

        async def counted(*arguments: Any) -> Any:
            nonlocal read_pages
            read_pages += 1
            return await original(*arguments)

        monkeypatch.setattr(past, "beats", counted)
        tasks.start_soon(app, scope, receive, send)
        for n in range(1, 8):
            wanted.release()
            await sent.acquire()

            assert len(pieces) == n  # the head first, then pieces
            assert read_pages <= n + 1  # no more than the one that is being sent
        tasks.cancel_scope.cancel()
    assert len(beats) > 8 * 10
