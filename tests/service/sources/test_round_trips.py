"""Count the round trips to PostgreSQL, which decide how far away it may be.

The bounds are for connections without TLS; with TLS, opening one takes two more.
"""

from collections.abc import AsyncIterator

import pytest

from local.proxy import serving
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.sources import postgres
from service.sources.postgres import pool
from service.sources.postgres.store import READ_S, Postgres
from service.timeouts import CONNECT_TIMEOUT_S
from tests.service.history_data import connected
from tests.service.round_trips import CountingProxy

pytestmark = pytest.mark.anyio

OPEN = 4  # TCP, the start-up message, and two of SCRAM
ASK = 2  # a statement with rows: parse and describe, then execute
TEST = 1  # of a connection that was idle
TRANSACTION = 2  # BEGIN and COMMIT, or ROLLBACK


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every connection count as idle immediately."""
    monkeypatch.setattr(pool, "IDLE_S", 0.0)


@pytest.fixture
async def way(database: dict[str, str]) -> AsyncIterator[CountingProxy]:
    proxy = CountingProxy(int(database["PGPORT"]))
    async with serving(proxy):
        yield proxy


@pytest.fixture
async def far(database: dict[str, str], way: CountingProxy) -> AsyncIterator[Postgres]:
    """A stamped PostgreSQL, to which nothing is connected yet."""
    near = connected(database)
    await near.write(beat())
    await near.close()
    made = connected(database | {"PGPORT": str(way.port)})
    yield made
    await made.close()


def beat() -> Heartbeat:
    return Heartbeat(name="worker", timestamp=utc_now())


async def test_a_reading_is_one_statement_on_an_open_connection(
    far: Postgres, way: CountingProxy
) -> None:
    await far.read()
    before = way.round_trips

    found = await far.read()

    assert found.error is None
    assert way.round_trips - before == TEST + ASK


async def test_a_reading_on_a_new_connection_adds_only_its_opening(
    far: Postgres, way: CountingProxy
) -> None:
    await far.read()
    assert way.round_trips == OPEN + TRANSACTION + ASK  # the first looks for a pool's mode too
    await far.pool.close()

    await far.read()

    assert way.round_trips == 2 * (OPEN + ASK) + TRANSACTION


async def test_a_write_is_one_statement_on_an_open_connection(
    far: Postgres, way: CountingProxy
) -> None:
    await far.write(beat())  # looks at the whole schema, as it does once a minute
    assert way.round_trips == OPEN + TRANSACTION + 2 * ASK + TEST + ASK
    before = way.round_trips

    await far.write(beat())

    assert way.round_trips - before == TEST + ASK


def test_a_readings_limit_excludes_opening_a_distant_connection() -> None:
    longest_s = pool.PING_S + CONNECT_TIMEOUT_S + READ_S

    assert longest_s < postgres.KIND.read_deadline_s
