"""The stores' own counters of their calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import asyncpg
import redis
from pydantic import BaseModel

from bench.stores import Stores

SESSIONS = """
SELECT sessions, xact_commit + xact_rollback AS transactions
FROM pg_stat_database WHERE datname = current_database()
"""


class Counted(BaseModel):
    """Counters of all three stores at one moment."""

    postgres_transactions: int
    postgres_connections: int
    valkey_commands: int
    valkey_connections: int
    aws_calls: int
    aws_connections: int

    @classmethod
    def of(cls, stores: Stores) -> "Counted":
        """Read them; that itself costs two calls to PostgreSQL and three to Valkey."""
        activity = anyio.run(_activity, stores.environ)
        environ = stores.valkey.environment
        with redis.Redis(
            host="127.0.0.1",
            port=int(environ["VALKEY_PORT"]),
            password=environ["VALKEY_PASSWORD"],
            decode_responses=True,
        ) as client:
            valkey: Any = client.info("stats")
        aws = stores.aws.control.counts()
        return cls(
            postgres_transactions=activity["transactions"],
            postgres_connections=activity["sessions"],
            valkey_commands=valkey["total_commands_processed"],
            valkey_connections=valkey["total_connections_received"],
            aws_calls=sum(sum(results.values()) for results in aws.calls.values()),
            aws_connections=aws.tls_connections,
        )

    def since(self, before: "Counted") -> "Counted":
        """Return the difference, which includes the worker's calls and our own."""
        mine, theirs = self.model_dump(), before.model_dump()
        return Counted(**{name: mine[name] - theirs[name] for name in mine})


async def _activity(environ: dict[str, str]) -> Any:  # Any: a Record of asyncpg
    async with session(environ) as connection:
        return await connection.fetchrow(SESSIONS)


@asynccontextmanager
async def session(environ: dict[str, str]) -> AsyncIterator[Any]:  # Any: asyncpg has no types
    """Open a session of the bench with PostgreSQL."""
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=int(environ["PGPORT"]),
        user=environ["PGUSER"],
        password=environ["PGPASSWORD"],
        database=environ["PGDATABASE"],
    )
    try:
        yield connection
    finally:
        await connection.close()
