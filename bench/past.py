"""Generate a past for history: a year of hours, and the single beats that are kept."""

import anyio

from bench.counted import session
from service.settings import load
from service.sources import postgres
from service.sources.postgres.pool import Pool
from service.sources.postgres.store import Postgres

SOURCES = ("postgres", "valkey", "secrets_manager", "iam")
HOURS = """
INSERT INTO heartbeat_hours (name, source, hour, ok, failed, unknown, before, interval_seconds,
                             latencies, dirty, pruned)
SELECT $1, source, hour, 58, 1, 1, 0, 60,
       array_fill(0, ARRAY[12]) || ARRAY[20, 30, 8] || array_fill(0, ARRAY[23]), false,
       hour < now() - interval '89 days'
FROM unnest($2::varchar[]) AS source,
     generate_series(date_trunc('hour', now() - interval '366 days'),
                     date_trunc('hour', now() - interval '1 hour'), interval '1 hour') AS hour
"""
BEATS = """
INSERT INTO heartbeat_beats (name, source, slot, interval_seconds, stamp, error, attempts,
                             latency_ms)
SELECT $1, source, slot, 60, slot,
       CASE WHEN extract(epoch FROM slot)::bigint / 60 % 60 = 7 THEN 'timeout' END, 1,
       1 + extract(epoch FROM slot)::bigint % 7
FROM unnest($2::varchar[]) AS source,
     generate_series(date_trunc('minute', now() - interval '89 days'),
                     date_trunc('hour', now()) - interval '1 minute', interval '1 minute') AS slot
"""


TABLES = ("heartbeat_hours", "heartbeat_beats", "heartbeat_incidents")
FILLED = "SELECT count(*) > 30000 FROM heartbeat_hours WHERE name = $1"
PATIENCE_S = 60.0


def fill(environ: dict[str, str], name: str) -> None:
    """Migrate, and generate the past of one author if it has none; blocks for some seconds.

    Args:
        environ: How to reach PostgreSQL.
        name: `HEARTBEAT_NAME`.
    """
    anyio.run(_fill, environ, name)


def migrate(environ: dict[str, str]) -> None:
    """Create the tables."""
    anyio.run(_migrate, environ)


async def _migrate(environ: dict[str, str]) -> None:
    found = load(environ).first(postgres.KIND)
    assert found is not None
    source = Postgres(Pool(found.settings), "worker")
    await source.migrate()
    await source.close()


async def _fill(environ: dict[str, str], name: str) -> None:
    await _migrate(environ)
    async with session(environ) as connection:
        if await connection.fetchval(FILLED, name):
            return
        for table in TABLES:
            await connection.execute(f"DELETE FROM {table} WHERE name = $1", name)
        await connection.execute("SET synchronous_commit = off")
        for statement in (HOURS, BEATS):
            await connection.execute(statement, name, list(SOURCES), timeout=PATIENCE_S)
        await connection.execute(f"ANALYZE {', '.join(TABLES)}")
