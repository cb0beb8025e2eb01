"""The API's readings: one per source, shared by all requests."""

import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import anyio
import structlog

from schema.errors import ErrorWord
from schema.timestamps import utc_now
from service.errors import SourceError
from service.observation import Observation
from service.verdict.lifetime import Lifetime

FIRST_WAIT_S = 4.2  # how long a request waits if nothing recent is known: most readings of a
# hung store end after 2 s, PostgreSQL's after 3.7, and their result is worth the wait
UNASKED_S = 2.0  # a reading that expired longer ago is old: there was no request since
STILL_S = 60.0  # beyond its deadline: connecting takes some seconds of CPU

log = structlog.get_logger()

Spawn = Callable[[Callable[[], Coroutine[Any, Any, None]]], object]
"""Starts a reading in the background, such as a task group's `start_soon`."""


class Readable(Protocol):
    """The part of a source that a reader uses."""

    async def read(self) -> Observation:
        """Read what the store holds."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class LastReading:
    """One reading of a store.

    Attributes:
        found: The result.
        at: When the reading ended.
        latency_ms: How long it took.
        failing_since: When readings began to fail, None while they succeed.
        last_stamp: The stamp of the last reading that succeeded, None if none did.
        last_answer: When that reading ended.
        outdated: Whether there was no request for so long that a newer reading is awaited.
    """

    found: Observation
    at: datetime
    latency_ms: float
    failing_since: datetime | None = None
    last_stamp: datetime | None = None
    last_answer: datetime | None = None
    outdated: bool = False


class Reader:
    """Reads one source, shares the result among all requests, and returns it immediately.

    Args:
        name: The source's slug.
        source: The source to read; the deadline excludes connecting.
        lifetime_s: Seconds that one reading is used.
        deadline_s: How long a reading may take.
        spawn: Starts a reading in the background.
    """

    def __init__(
        self,
        name: str,
        source: Callable[[], Awaitable[Readable]],
        lifetime_s: float,
        deadline_s: float,
        spawn: Spawn,
    ) -> None:
        self.name = name
        self.reads = 0
        self._source = source
        self._lifetime = Lifetime(lifetime_s)
        self._deadline_s = deadline_s
        self._spawn = spawn
        self._last: LastReading | None = None
        self._failing_since: datetime | None = None
        self._last_stamp: datetime | None = None
        self._last_answer: datetime | None = None
        self.expires = 0.0
        self._awaited_since: float | None = None
        self._reading: anyio.Event | None = None
        self._began = 0.0

    @property
    def expires_in_s(self) -> float:
        """Return the seconds until a new reading is due; 0 if it is due now."""
        return max(0.0, self.expires - time.monotonic())

    @property
    def last(self) -> LastReading | None:
        """The last reading, None if there is none yet."""
        return self._last

    def is_stuck(self, now: float) -> bool:
        """Tell whether a reading has been in flight for much longer than its deadline."""
        return self._reading is not None and now - self._began > self._deadline_s + STILL_S

    async def get(self, wait_s: float = FIRST_WAIT_S) -> LastReading | None:
        """Return the last reading after `refresh` and `settle`, None if there is none yet."""
        self.refresh(time.monotonic())
        await self.settle(wait_s)
        return self._last

    def refresh(self, now: float) -> None:
        """Start a reading if one is due."""
        if self._reading is None and now >= self.expires:
            self._spawn(
                self._read
            )  # first: a reading that cannot start must not look busy for ever
            self._reading, self._began = anyio.Event(), now
            self._awaited_since = now if now >= self.expires + UNASKED_S else None
            if self._last is not None and self._awaited_since is not None:
                self._last = replace(self._last, outdated=True)

    async def settle(self, wait_s: float) -> None:
        """Wait for a reading only if the last one is old because there was no request.

        At most until `wait_s` after its start, so that no request queues behind a hung store.
        """
        if self._reading is not None and self._awaited_since is not None:
            with anyio.move_on_after(self._awaited_since + wait_s - time.monotonic()):
                await self._reading.wait()

    async def _read(self) -> None:
        started = time.perf_counter()
        found = Observation(reachable=False, error=ErrorWord.TIMEOUT)
        try:
            source = await self._source()
            started = time.perf_counter()
            with anyio.move_on_after(self._deadline_s):
                found = await self._ask(source)
        except SourceError as error:
            found = Observation(reachable=False, error=error.word, cause=error.cause)
            log.debug("reading_failed", source=self.name, error=error.word, detail=error.detail)
        except Exception:  # a defect in one source must not remove its row from the page
            log.exception("reader_defect", source=self.name)
            found = Observation(reachable=False, error=ErrorWord.FAILED)
        finally:
            if self._reading is not None:
                self._reading.set()
                self._reading = None
            self._learn(found, round((time.perf_counter() - started) * 1000, 3))

    async def _ask(self, source: Readable) -> Observation:
        """Read; retry once if the connection was lost, since it may have been dead before."""
        try:
            found = await source.read()
            if found.error is not ErrorWord.UNREACHABLE:
                return found
            log.debug("reading_repeated", source=self.name, detail=None)
        except SourceError as error:
            if error.word is not ErrorWord.UNREACHABLE:
                raise
            log.debug("reading_repeated", source=self.name, detail=error.detail)
        return await source.read()

    def _learn(self, found: Observation, latency_ms: float) -> None:
        now = utc_now()
        self.reads += 1
        self._failing_since = None if found.reachable else self._failing_since or now
        if found.reachable:
            self._last_stamp, self._last_answer = found.stamp, now
        self._last = LastReading(
            found=found,
            at=now,
            latency_ms=latency_ms,
            failing_since=self._failing_since,
            last_stamp=self._last_stamp,
            last_answer=self._last_answer,
        )
        self.expires = time.monotonic() + self._lifetime.serves_s(found, now)


class Readers:
    """All readers of a process."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self.by_name = readers

    async def get(self, *names: str, wait_s: float = FIRST_WAIT_S) -> dict[str, LastReading | None]:
        """Return the readings of these sources, by default of all."""
        wanted = [self.by_name[name] for name in names or self.by_name if name in self.by_name]
        await _refresh(wanted, wait_s)
        return {reader.name: reader.last for reader in wanted}

    async def refresh(self, wait_s: float = FIRST_WAIT_S) -> None:
        """Start readings of all sources that are due; `known` returns them later."""
        await _refresh(self.by_name.values(), wait_s)


async def _refresh(readers: Collection[Reader], wait_s: float) -> None:
    now = time.monotonic()
    due = [reader for reader in readers if now >= reader.expires]
    for reader in due:
        reader.refresh(now)
    for reader in due:  # they are read concurrently, so that this waits only for the slowest
        await reader.settle(wait_s)


LastReadings = Mapping[str, LastReading | None]
"""The last readings by slug; None if there is none yet."""
