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
from schema.history import RECORD_JSON, Record
from schema.timestamps import utc_now
from service.api.app import create
from service.history import stamps
from service.history.reader import HistoryReader
from service.settings import load
from tests.service.history_data import keep, two_hours
from tests.service.serving import asking

pytestmark = pytest.mark.anyio

FORMATS = ["/history.csv", "/history.ndjson"]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def environ(lasting: dict[str, str]) -> dict[str, str]:
    """The variables of PostgreSQL and Valkey."""
    return {k: v for k, v in lasting.items() if k.startswith(("PG", "VALKEY"))}


@pytest.fixture(scope="module")
async def beats(environ: dict[str, str]) -> list[Record]:
    """Two hours of beats of two sources, one of which failed for two minutes."""
    found = two_hours(failed={60, 61})
    await keep(environ, found)
    return found


@pytest.fixture(scope="module")
async def client(
    beats: list[Record],  # noqa: ARG001 - recorded before the first request
    environ: dict[str, str],
) -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(environ) as client:
        yield client


def read(answer: httpx2.Response) -> list[Record]:
    """Parse the beats of a download in either format."""
    if answer.headers["content-type"].startswith("text/csv"):
        rows = csv.DictReader(answer.text.splitlines())
        return [RECORD_JSON.validate_python({**row, "error": row["error"] or None}) for row in rows]
    return [RECORD_JSON.validate_json(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("path", FORMATS)
async def test_a_download_contains_every_beat_of_every_source(
    client: httpx2.AsyncClient, beats: list[Record], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps.pages, "__defaults__", (7,))

    answer = await client.get(path)

    assert answer.status_code == 200
    assert read(answer) == beats
    name = path.removeprefix("/").replace("history", "heartbeat-history")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["cache-control"] == "no-store"


async def test_the_formats_are_csv_with_a_header_and_json_lines(client: httpx2.AsyncClient) -> None:
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
async def test_source_and_window_select_the_beats(
    client: httpx2.AsyncClient, beats: list[Record], path: str
) -> None:
    begin, end = beats[10].slot, beats[20].slot
    query = {"source": "valkey", "from": begin.isoformat(), "to": end.isoformat()}

    found = read(await client.get(path, params=query))

    assert found == [each for each in beats[120:] if begin <= each.slot < end]


async def test_an_empty_window_returns_a_file_without_beats(client: httpx2.AsyncClient) -> None:
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
async def test_invalid_parameters_and_windows_beyond_the_kept_beats_are_refused(
    client: httpx2.AsyncClient, query: dict[str, Any], status: int, message: str
) -> None:
    for path in FORMATS:
        answer = await client.get(path, params=query)

        assert answer.status_code == status
        assert message in answer.json()["message"]


async def test_all_kept_beats_can_be_downloaded(client: httpx2.AsyncClient) -> None:
    assert len(read(await client.get("/history.ndjson", params={"range": "90d"}))) == 240


async def test_a_download_requires_the_password(environ: dict[str, str]) -> None:
    async with asking(environ | {"DASHBOARD_PASSWORD": "dash-hunter2"}) as client:
        for path in FORMATS:
            assert (await client.get(path)).status_code == 401


async def test_an_outage_of_postgres_is_an_error(
    client: httpx2.AsyncClient, postgres: PostgresServer
) -> None:
    postgres.stop()
    try:
        answer = await client.get("/history.csv")

        assert (answer.status_code, answer.json()["error"]) == (503, "unreachable")
    finally:
        postgres.start()


async def test_if_postgres_fails_in_the_middle_no_file_looks_complete(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    monkeypatch.setattr(stamps.pages, "__defaults__", (50,))
    pages = 0
    read = HistoryReader.beats

    async def beats(self: HistoryReader, *arguments: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages == 3:
            postgres.stop()
        return await read(self, *arguments)

    monkeypatch.setattr(HistoryReader, "beats", beats)
    try:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/history.csv", timeout=None)
    finally:
        postgres.start()
    assert pages == 3


async def test_a_download_reads_no_further_than_its_client(
    beats: list[Record], environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
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

    app = create(load(environ))
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
