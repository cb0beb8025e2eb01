"""The streaming pair itself: it follows, refuses writes, and is promoted."""

import anyio
import asyncpg
import pytest

from tests.conftest import _folder
from tests.platform import admin
from tests.platform.replica import streaming

pytestmark = pytest.mark.anyio

REPLAYED = "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn"


async def test_a_standby_follows_and_refuses_writes_until_it_is_promoted(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with streaming(_folder(tmp_path_factory, "pair")) as (primary, standby):
        there, here = (
            await admin.postgres(primary.environment),
            await admin.postgres(standby.environment),
        )
        await there.execute("CREATE TABLE kept (n int)")
        written = await there.fetchval("SELECT pg_current_wal_lsn()::text")
        with anyio.fail_after(60):
            while not await here.fetchval(REPLAYED, written):  # noqa: ASYNC110 - nothing tells
                await anyio.sleep(0.01)

        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await here.execute("INSERT INTO kept VALUES (1)")
        await standby.promote()

        assert await here.execute("INSERT INTO kept VALUES (1)") == "INSERT 0 1"
        for connection in (there, here):
            await connection.close()
