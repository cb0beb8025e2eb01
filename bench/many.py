"""Section `many`: what a cycle of ten stores costs against one of three, in turns."""

from collections.abc import Iterator, Mapping

import anyio
import asyncpg

from bench.build import Build
from bench.figure import Figure, at_most
from bench.numbers import median
from bench.past import migrate
from bench.program import worker
from bench.stores import Stores
from local.aws.environment import BUCKET

INTERVAL_S = 0.5  # so that ten stores are stamped well before the next cycle
WARM, CYCLES, ROUNDS = 20, 40, 3
DATABASES = ("heartbeat_b", "heartbeat_c")
AT_MOST = at_most(2.5, of="ratio")


def figures(stores: Stores) -> Iterator[Figure]:
    """Measure both in turns; blocks for about three minutes."""
    (three, ten), memory = measured(stores, ROUNDS)
    yield Figure(section="many", name="CPU per cycle of three stores", unit="ms", measured=three)
    yield Figure(
        section="many",
        name="CPU per cycle of ten stores",
        unit="ms",
        measured=ten,
        floor=three,
        bar=AT_MOST,
    )
    for count, rss_mb in memory.items():
        yield Figure(section="many", name=f"RSS with {count} stores", unit="MB", measured=rss_mb)


def measured(
    stores: Stores, rounds: int, build: Build | None = None
) -> tuple[tuple[float, float], dict[int, float]]:
    """Return the CPU per cycle of three and of ten stores in milliseconds, and RSS in MB of both.

    Args:
        stores: Where the stores are.
        rounds: How often each is measured, in turns; blocks for a minute a round.
        build: Whose worker it is; None for this checkout's.
    """
    migrate(stores.environ)
    anyio.run(_make_databases, stores.environ)
    cost: dict[int, list[float]] = {3: [], 10: []}
    memory: dict[int, float] = {}
    for _ in range(rounds):
        for count, environ in ((3, stores.environ), (10, stores.environ | _seven_more(stores))):
            with worker(environ, stores.folder, INTERVAL_S, build) as beating:
                first = len(beating.await_lines("cycle", WARM, 60.0))
                before = beating.usage().cpu_s
                counted = len(beating.await_lines("cycle", first + CYCLES, 60.0)) - first
                after = beating.usage()
                cost[count].append((after.cpu_s - before) / counted * 1000)
                memory[count] = after.rss_mb
    return (median(cost[3]), median(cost[10])), memory


def _seven_more(stores: Stores) -> dict[str, str]:
    """Return the variables of two PostgreSQL, three Valkey and two buckets."""
    postgres, valkey = stores.postgres.environment, stores.valkey.environment
    login = f"{postgres['PGUSER']}:{postgres['PGPASSWORD']}@127.0.0.1:{postgres['PGPORT']}"
    databases = [f"postgresql://{login}/{name}?sslmode=disable" for name in DATABASES]
    server = f"127.0.0.1:{valkey['VALKEY_PORT']}"
    keys = [f"valkey://:{valkey['VALKEY_PASSWORD']}@{server}/{n}" for n in (1, 2, 3)]
    endpoint = f"https://127.0.0.1:{stores.aws.port}"
    buckets = [f"s3://{BUCKET}/{name}?endpoint={endpoint}" for name in ("a", "b")]
    urls = [*databases, *keys, *buckets]
    return {f"HEARTBEAT_SOURCE_MORE_{n}": url for n, url in enumerate(urls, 1)}


async def _make_databases(environ: Mapping[str, str]) -> None:
    connection = await asyncpg.connect(
        host=environ["PGHOST"],
        port=int(environ["PGPORT"]),
        user=environ["PGUSER"],
        password=environ["PGPASSWORD"],
        database=environ["PGDATABASE"],
    )
    for name in DATABASES:
        await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
