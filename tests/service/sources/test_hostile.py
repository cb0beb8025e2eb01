"""Foreign data in the stores get an error word, and raise no other error."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.errors import Cause, ErrorWord
from schema.freshness import stale_after_s
from schema.heartbeat import Heartbeat, WorkerReport, read_report
from schema.history import RECORD_JSON, Record
from schema.secret import Description, stamp_in_value
from schema.timestamps import from_text, utc_now
from service.sources import postgres, valkey
from service.sources.postgres.pool import Pool
from service.sources.postgres.store import Postgres
from service.sources.valkey.store import Valkey, client
from service.sql.statement import Statement
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio

NOW = utc_now()
REPORT = WorkerReport(
    id="a", version="1", started_at=NOW, interval_seconds=60, next_due=NOW
).model_dump(mode="json")
EDGES = st.sampled_from(
    [
        "infinity",
        "-infinity",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999-14:00",
        "2026-11-24T22:00:00",
        "\x00",
        1e300,
        -1e300,
        10**400,
        -1,
        0,
        None,
        True,
        "x" * 10_000,
        "\u202e",
    ]
)
VALUES = st.recursive(
    EDGES | st.floats() | st.integers() | st.text(max_size=20) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
DOCUMENTS = st.dictionaries(
    st.sampled_from([*WorkerReport.model_fields, "updated_at", "slot", "stamp", "source"])
    | st.text(max_size=8),
    VALUES,
    max_size=12,
).map(lambda changed: json.dumps({**REPORT, **changed}))
TEXTS = DOCUMENTS | st.text(max_size=200) | st.sampled_from(["[" * 50_000, "\ud800", '"\\ud800"'])


@pytest.mark.parametrize("interval_s", [1e300, 1e-300, 0, -1])
def test_an_interval_that_no_worker_can_have_is_no_report(interval_s: float) -> None:
    assert read_report(json.dumps({**REPORT, "interval_seconds": interval_s})) == (None, False)


@given(TEXTS)
def test_every_reader_returns_values_that_arithmetic_accepts(stored: str) -> None:
    report, _ = read_report(stored)
    described = Description.from_text(stored)
    at = described.updated_at if described else None
    for moment in (from_text(stored), stamp_in_value(stored), at):
        if moment is not None:
            assert (moment + timedelta(days=1) - NOW).total_seconds() is not None
    for found in (report, described.report if described else None):
        if found is not None:
            reckoned(found)
    try:
        record: Record | None = RECORD_JSON.validate_json(stored)
    except ValueError:
        record = None
    if record is not None:
        assert record.slot + timedelta(seconds=record.interval_seconds) > record.slot


def reckoned(report: WorkerReport) -> None:
    """Calculate with a report as the verdict does."""
    later = report.next_due + timedelta(seconds=stale_after_s(report.interval_seconds))
    assert later > report.next_due
    assert json.loads(report.model_dump_json())["id"] == report.id


@pytest.mark.parametrize(
    ("changed", "word", "cause"),
    [
        ({"last_result": "a word of a newer version"}, ErrorWord.FAILED, None),
        ({"last_result": "timeout", "cause": "of a newer version"}, ErrorWord.TIMEOUT, None),
        ({"last_result": "tls", "cause": "no_tls"}, ErrorWord.TLS, Cause.NO_TLS),
        ({"last_result": [], "cause": {}}, ErrorWord.FAILED, None),
    ],
)
def test_unknown_words_of_a_newer_version_invalidate_no_report(
    changed: dict[str, Any], word: ErrorWord, cause: Cause | None
) -> None:
    report, readable = read_report(json.dumps({**REPORT, "sources": {"postgres": changed}}))

    assert report is not None
    assert readable
    found = report.sources["postgres"]
    assert (found.last_result, found.cause) == (word, cause)


@pytest.fixture
async def row(database: dict[str, str]) -> AsyncIterator[Postgres]:
    made = Postgres(Pool(settings_of(database, postgres.KIND)), "worker")
    await made.write(Heartbeat(name="worker", timestamp=NOW))
    yield made
    await made.close()


@pytest.fixture
async def cache(keys: dict[str, str]) -> AsyncIterator[Valkey]:
    made = Valkey(client(settings_of(keys, valkey.KIND)), "worker")
    yield made
    await made.close()


@pytest.mark.parametrize(
    "stamp", ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "20000-01-01 00:00:00+00"]
)
async def test_a_timestamp_out_of_range_is_invalid_data_and_replaced(
    row: Postgres, stamp: str
) -> None:
    await execute(row, f"UPDATE last_update SET timestamp = '{stamp}'")

    found = await row.read()
    later = NOW + timedelta(seconds=1)
    await row.write(Heartbeat(name="worker", timestamp=later))

    assert (found.stamp, found.error) == (None, ErrorWord.INVALID_DATA)
    assert (await row.read()).stamp == later


async def test_a_stamp_without_a_document_is_complete(row: Postgres) -> None:
    await execute(row, "UPDATE last_update SET metadata = NULL")

    found = await row.read()

    assert (found.stamp, found.report, found.error) == (NOW, None, None)


DEEP = '{"a":' * 3_000 + "1" + "}" * 3_000
LONG = json.dumps({**REPORT, "note": "x" * 5_000_000})
WRONG = json.dumps({**REPORT, "interval_seconds": 1e300})


@pytest.mark.parametrize("document", [DEEP, LONG, WRONG], ids=["deep", "long", "wrong"])
async def test_an_invalid_report_beside_a_stamp_is_invalid_data(
    row: Postgres, cache: Valkey, document: str
) -> None:
    async with row.connection() as connection:
        change = Statement("UPDATE last_update SET metadata = $1::jsonb", ("document",))
        await connection.change(change, document=document)
    await cache.write(Heartbeat(name="worker", timestamp=NOW))
    await cache.client.set("worker:report", document)

    for found in (await row.read(), await cache.read()):
        assert (found.stamp, found.report) == (NOW, None)
        assert found.error is ErrorWord.INVALID_DATA


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(stamp=st.binary(max_size=100), report=st.binary(max_size=100))
def test_no_bytes_in_valkey_raise_an_unexpected_error(
    keys: dict[str, str], stamp: bytes, report: bytes
) -> None:
    import anyio

    async def read() -> None:
        source = Valkey(client(settings_of(keys, valkey.KIND)), "worker")
        await source.client.set("worker:last_update", stamp)
        await source.client.set("worker:report", report)
        found = await source.read()
        await source.close()
        assert found.reachable

    anyio.run(read)


async def execute(source: Postgres, statement: str) -> None:
    async with source.connection() as connection:
        await connection.rows(Statement(statement))
