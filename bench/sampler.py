"""Sample memory, descriptors and sizes of worker, API and stores during a long run."""

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio
import psutil
import redis

from bench.counted import session
from bench.program import Program
from bench.slope import MEGABYTE_A_DAY_KB
from bench.stores import Stores

KB = 1e3
DEAD = "SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables"
GROWING = "('heartbeat_beats', 'heartbeat_incidents')"  # by design: rows are kept for 90 days
OTHERS = f"SELECT relname FROM pg_stat_user_tables WHERE relname NOT IN {GROWING}"
SIZES = f"""
SELECT relname IN {GROWING} AS grows,
       sum(pg_total_relation_size(relid)) AS bytes
FROM pg_stat_user_tables GROUP BY 1
"""
GROWS_MAX: Mapping[str, float] = {
    "worker, RSS in kB": MEGABYTE_A_DAY_KB,
    "worker, descriptors": 0.001,
    "worker, threads": 0.001,
    "worker, log in bytes": 1_000,
    "API, RSS in kB": MEGABYTE_A_DAY_KB,
    "API, descriptors": 0.001,
    "API, threads": 0.001,
    "API, log in bytes": 1,
    "history in bytes": 1_000,  # four beats and some incidents, which are kept for 90 days
    "rows of other tables": 0.001,
    # PostgreSQL adds a page where a reader may still need every row of the last one; it uses the
    # page again after a vacuum, so this stops at some MB on a busy machine.
    "other tables in bytes": 200,
    "dead tuples": 0.1,
    "Valkey, keys": 0.001,
    "Valkey, memory in bytes": 10,
}
"""The greatest slope of each figure, per cycle."""


@dataclass
class Log:
    """The counted lines of a worker's log.

    Attributes:
        cycles: The number of cycles.
        results: The number of each result, by store.
        events: The number of each other event.
    """

    program: Program
    cycles: int = 0
    results: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    _read: int = 0

    def read(self) -> None:
        """Read the new lines."""
        with self.program.log.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._take(json.loads(line))

    def _take(self, line: dict[str, object]) -> None:
        event = str(line["event"])
        if event != "cycle":
            self.events[event] += 1
            return
        self.cycles += 1
        for name, each in line.items():
            if isinstance(each, dict):
                self.results[f"{name} {each['result']}"] += 1


class Pair:
    """A running worker and API.

    Attributes:
        log: The worker's log.
        answers: The number of the API's answers by status.
    """

    def __init__(self, beating: Program, serving: Program) -> None:
        self.worker, self.api = beating, serving
        self.log = Log(beating)
        self.answers: Counter[int] = Counter()

    def poll(self, path: str) -> None:
        """Send a request to the API, and count its answer."""
        try:
            with urllib.request.urlopen(f"{self.api.url}{path}", timeout=20) as answer:
                answer.read()
                self.answers[answer.status] += 1
        except urllib.error.HTTPError as error:
            error.read()
            self.answers[error.code] += 1


@dataclass(frozen=True)
class Sample:
    """All figures after a number of cycles."""

    cycle: int
    figures: Mapping[str, float]


class Sampler:
    """Takes samples of a pair and its stores."""

    def __init__(self, running: Stores, pair: Pair) -> None:
        self._stores = running
        self._pair = pair
        self._environ = running.environ
        environ = running.valkey.environment
        port, password = int(environ["VALKEY_PORT"]), environ["VALKEY_PASSWORD"]
        self._keys = redis.Redis(port=port, password=password)

    def sample(self) -> Sample:
        """Take a sample."""
        self._pair.log.read()
        figures = _of("worker", self._pair.worker) | _of("API", self._pair.api)
        figures |= anyio.run(self._tables)
        figures["Valkey, keys"] = float(self._keys.dbsize())
        figures["Valkey, memory in bytes"] = float(self._keys.info("memory")["used_memory"])
        return Sample(self._pair.log.cycles, figures)

    async def _tables(self) -> dict[str, float]:
        async with session(self._environ) as connection:
            sizes = {row["grows"]: row["bytes"] for row in await connection.fetch(SIZES)}
            dead = await connection.fetchval(DEAD)
            names = [row["relname"] for row in await connection.fetch(OTHERS)]
            counts = [await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in names]
        return {
            "history in bytes": float(sizes[True]),
            "other tables in bytes": float(sizes[False]),
            "rows of other tables": float(sum(counts)),
            "dead tuples": float(dead),
        }


def _of(name: str, program: Program) -> dict[str, float]:
    process = psutil.Process(program.process.pid)
    return {
        f"{name}, RSS in kB": process.memory_info().rss / KB,
        f"{name}, descriptors": float(process.num_fds()),
        f"{name}, threads": float(process.num_threads()),
        f"{name}, log in bytes": float(program.log.stat().st_size),
    }
