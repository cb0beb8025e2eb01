"""History while PostgreSQL is away, hung, without tables or not configured."""

from collections.abc import AsyncIterator

import anyio
import httpx2
import pytest

from local.postgres import Postgres as PostgresServer
from tests.service.api.test_history_routes import got, refused
from tests.service.history_data import keep, two_hours
from tests.service.serving import NOWHERE, asking

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(
    database: dict[str, str], keys: dict[str, str]
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an API on PostgreSQL and Valkey, with two hours of history."""
    await keep(database, two_hours(failed=set()))
    async with asking(database | keys) as client:
        yield client


async def test_an_outage_of_postgres_is_an_error_in_the_common_form(
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


async def test_a_hung_postgres_is_an_error_within_one_deadline_for_all_requests(
    client: httpx2.AsyncClient, postgres: PostgresServer
) -> None:
    await got(client, "/incidents", source="valkey")  # a connection that will hang
    postgres.pause()
    try:
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(refused, client, "/incidents", 503)
            assert (await client.get("/livez")).status_code == 200
    finally:
        postgres.resume()


async def test_a_database_without_tables_is_an_error(
    database: dict[str, str], keys: dict[str, str]
) -> None:
    async with asking(database | keys) as client:
        assert (await refused(client, "/history", 503)).endswith("now: not_found")


async def test_without_postgres_history_is_not_configured(keys: dict[str, str]) -> None:
    async with asking(keys) as client:
        message = await refused(client, "/history", 503)

    assert message == "history is kept in PostgreSQL, which is not configured: not_configured"


async def test_a_port_without_a_listener_is_unreachable_at_once() -> None:
    async with asking(NOWHERE) as client:
        assert (await refused(client, "/incidents", 503)).endswith("unreachable")
