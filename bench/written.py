"""History at 50 sources and one beat a second of each: what is dropped, how late, how large."""

import logging
from collections.abc import Sequence
from datetime import timedelta

import anyio
import structlog
from pydantic import BaseModel

from bench.counted import session
from bench.growth import DelayedSource
from bench.numbers import percentile
from bench.past import migrate
from bench.stores import Stores
from service.connections import close, connect
from service.history.ledger import Ledger
from service.history.recorder import History
from service.outcome import Outcome
from service.settings import load
from service.worker.loop import Worker

SOURCES, INTERVAL_S = 50, 1.0
NAME = "written"
SIZE = """
SELECT sum(pg_total_relation_size(each)) FROM unnest(
  ARRAY['heartbeat_beats', 'heartbeat_hours', 'heartbeat_days', 'heartbeat_incidents']::regclass[]
) AS each
"""
COUNT = "SELECT count(*) FROM heartbeat_beats WHERE name = $1"


class Written(BaseModel):
    """The result of one run.

    Attributes:
        missing: Beats of its cycles that PostgreSQL does not have at the end.
        late_ms: Of 100 cycles, 99 began no later than this.
        grown_bytes: Growth of history's tables and indexes for each beat.
    """

    missing: int
    late_ms: float
    grown_bytes: float


def written(stores: Stores, seconds: float) -> Written:
    """Run a worker of 50 sources that cost nothing, with real history; blocks so long."""
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)  # each cycle's line has 50 sources
    migrate(stores.environ)
    return anyio.run(_written, stores.environ, seconds, backend_options={"use_uvloop": True})


async def _written(environ: dict[str, str], seconds: float) -> Written:
    variables = {**environ, "HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S), "HEARTBEAT_NAME": NAME}
    settings = load(variables)
    store = connect(settings)["postgres"]
    assert store.database is not None
    history = History(Ledger(store.database, NAME), None, timedelta(days=90), "postgres")
    late_ms: list[float] = []

    def observe(_: Sequence[Outcome]) -> None:
        late_ms.append(worker.lateness_s * 1000)

    delayed = {f"source_{number}": DelayedSource() for number in range(SOURCES)}
    worker = Worker(settings.process, delayed, history, observe=observe)
    async with session(environ) as connection:
        before = await connection.fetchval(SIZE)
        async with anyio.create_task_group() as tasks:
            stop = anyio.Event()
            tasks.start_soon(history.run)
            tasks.start_soon(worker.run, stop)
            await anyio.sleep(seconds)
            stop.set()
            await _ended(history)
            tasks.cancel_scope.cancel()
        there, after = await connection.fetchval(COUNT, NAME), await connection.fetchval(SIZE)
    await close({"postgres": store})
    return Written(
        missing=SOURCES * len(late_ms) - there,
        late_ms=percentile(late_ms, 0.99),
        grown_bytes=(after - before) / max(1, there),
    )


async def _ended(history: History) -> None:
    """Store what the last cycle left."""
    await anyio.sleep(2 * INTERVAL_S)
    await history.finish()
