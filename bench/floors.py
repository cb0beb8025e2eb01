"""`python -m bench.floors`: what one cycle's writes cost at least, by the drivers alone.

One pooled asyncpg upsert, one redis-py MSET, boto3's UpdateSecret and GetCallerIdentity with
cached credentials and a connection that is open, and history's rows in one transaction.
"""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import boto3
import redis.asyncio
import uvloop
from pydantic import BaseModel

TIMES, WARM_UP = 60, 20
PACE_S = 0.05  # between two calls: back to back they find every cache warm, which no cycle does
DOCUMENT = json.dumps({"note": "x" * 1200})  # as long as a report
STAMP = """
INSERT INTO last_update (source, timestamp, metadata) VALUES ($1, $2, $3)
ON CONFLICT (source) DO UPDATE SET timestamp = excluded.timestamp, metadata = excluded.metadata
WHERE last_update.timestamp < excluded.timestamp
"""
BEAT = """
INSERT INTO heartbeat_beats (name, source, slot, interval_seconds, stamp, error, attempts,
                             latency_ms) VALUES ($1, $2, $3, 60, $3, NULL, 1, 1.0)
ON CONFLICT DO NOTHING
"""
AUTHOR = "bench-floor"


class Cost(BaseModel):
    """Of one call, in milliseconds; the CPU is this process's alone."""

    cpu_ms: float
    wall_ms: float


class Floors(BaseModel):
    """The floors by part."""

    postgres: Cost
    valkey: Cost
    update_secret: Cost
    get_caller_identity: Cost
    history: Cost

    @property
    def cycle(self) -> Cost:
        """Their sum: what one cycle cannot be under."""
        parts = [getattr(self, name) for name in type(self).model_fields]
        return Cost(cpu_ms=sum(p.cpu_ms for p in parts), wall_ms=sum(p.wall_ms for p in parts))


async def floors(environ: dict[str, str]) -> Floors:
    pool = await asyncpg.create_pool(
        host=environ["PGHOST"],
        port=int(environ["PGPORT"]),
        user=environ["PGUSER"],
        password=environ["PGPASSWORD"],
        database=environ["PGDATABASE"],
        min_size=1,
        max_size=1,
    )
    client = redis.asyncio.Redis(
        port=int(environ["VALKEY_PORT"]), password=environ["VALKEY_PASSWORD"], protocol=2
    )
    async with pool, client:
        postgres = await _cost(
            lambda number: pool.execute(STAMP, AUTHOR, _moment(number), DOCUMENT)
        )
        history = await _cost(lambda number: _add(pool, _moment(number)))
        keys = {f"{AUTHOR}:last_update": "x" * 32, f"{AUTHOR}:report": DOCUMENT}
        valkey = await _cost(lambda _: client.mset(keys))
        await pool.execute("DELETE FROM last_update WHERE source = $1", AUTHOR)
        await pool.execute("DELETE FROM heartbeat_beats WHERE name = $1", AUTHOR)
    update, identity = await _aws(environ["SECRETS_MANAGER_SECRET_NAME"])
    return Floors(
        postgres=postgres,
        valkey=valkey,
        update_secret=update,
        get_caller_identity=identity,
        history=history,
    )


async def _add(pool: Any, moment: datetime) -> None:
    async with pool.acquire() as connection, connection.transaction():
        rows = [(AUTHOR, source, moment) for source in "abcd"]
        await connection.executemany(BEAT, rows)


async def _aws(secret: str) -> tuple[Cost, Cost]:
    secrets, sts = boto3.client("secretsmanager"), boto3.client("sts")  # from the environment
    return (
        await _cost(_at_once(lambda: secrets.update_secret(SecretId=secret, Description=DOCUMENT))),
        await _cost(_at_once(sts.get_caller_identity)),
    )


def _at_once(call: Callable[[], object]) -> Callable[[int], Awaitable[object]]:
    """Return a function that makes a blocking call in this thread; a floor has no others."""

    async def make(_: int) -> object:
        return call()

    return make


def _moment(number: int) -> datetime:
    return datetime.now(UTC) + timedelta(microseconds=number)


async def _cost(call: Callable[[int], Awaitable[object]]) -> Cost:
    for number in range(WARM_UP):
        await call(number)
    cpu_s = wall_s = 0.0
    for number in range(TIMES):
        await asyncio.sleep(PACE_S)
        cpu, wall = time.process_time(), time.perf_counter()
        await call(WARM_UP + number)
        cpu_s += time.process_time() - cpu
        wall_s += time.perf_counter() - wall
    return Cost(cpu_ms=cpu_s * 1000 / TIMES, wall_ms=wall_s * 1000 / TIMES)


if __name__ == "__main__":
    print(uvloop.run(floors(dict(os.environ))).model_dump_json())
