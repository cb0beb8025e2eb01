"""What the API knows: one shared reading per source, however many ask."""

import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import anyio
import structlog

from schema.errors import ErrorWord
from schema.timestamps import utc_now
from service.errors import SourceError
from service.source import Observation

FIRST_WAIT_S = 2.2  # how long a request waits where nothing recent is known: a hung store's
# reading ends after 2 s, and its outcome is worth the wait
UNASKED_S = 2.0  # a reading that expired longer ago is old: nobody has asked since
FAILED_S = 5.0  # how soon a store that could not be read is tried again
STILL_S = 60.0  # beyond its deadline: connecting, which it waits for, takes some seconds of CPU
WATCH_S = 1.0  # how often a source is read while its next stamp is due
LIFETIMES_IN_INTERVAL = 2  # with a short interval, a second would be too long
WATCHES_IN_INTERVAL = 10
LOST_INTERVALS = 2  # how long a stamp that somebody replaced is looked for like one that is due

log = structlog.get_logger()

Spawn = Callable[[Callable[[], Coroutine[Any, Any, None]]], object]
"""How a reading is started beside the request, such as a task group's `start_soon`."""


class Readable(Protocol):
    """What a reader reads: any source."""

    async def read(self) -> Observation:
        """What the store holds."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One reading of a store, by whoever did it.

    Attributes:
        found: What the store said.
        at: When the reading ended.
        latency_ms: How long it took.
        failing_since: When readings began to fail, None while they succeed.
        last_stamp: The stamp of the last reading that succeeded, None if none did.
        last_answer: When that reading ended.
    """

    found: Observation
    at: datetime
    latency_ms: float
    failing_since: datetime | None = None
    last_stamp: datetime | None = None
    last_answer: datetime | None = None


class Whole(NamedTuple):
    """The last reading that had a stamp and its interval: when it ended, and the interval."""

    at: datetime
    interval_s: float


class Reader:
    """Reads one source, once for everybody, and hands out what is known at once.

    Args:
        name: The source's slug.
        source: Gives what is read; what it takes to connect is no part of a reading.
        lifetime_s: How long one reading serves.
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
        self._lifetime_s = lifetime_s
        self._deadline_s = deadline_s
        self._spawn = spawn
        self._last: Look | None = None
        self._failing_since: datetime | None = None
        self._last_stamp: datetime | None = None
        self._last_answer: datetime | None = None
        self._whole: Whole | None = None
        self.expires = 0.0
        self._awaited_since: float | None = None
        self._reading: anyio.Event | None = None
        self._began = 0.0

    @property
    def expires_in_s(self) -> float:
        """Seconds until a new reading is due; 0 if one is."""
        return max(0.0, self.expires - time.monotonic())

    @property
    def last(self) -> Look | None:
        """What is known, None if nothing yet."""
        return self._last

    def stands_still(self, now: float) -> bool:
        """Whether a reading has been under way for far longer than its deadline allows."""
        return self._reading is not None and now - self._began > self._deadline_s + STILL_S

    async def get(self, wait_s: float = FIRST_WAIT_S) -> Look | None:
        """What is known, None if nothing yet, after `refresh` and `settle`."""
        self.refresh(time.monotonic())
        await self.settle(wait_s)
        return self._last

    def refresh(self, now: float) -> None:
        """Start a reading if one is due by then."""
        if self._reading is None and now >= self.expires:
            self._spawn(self._read)  # first: what cannot begin must not look busy for ever
            self._reading, self._began = anyio.Event(), now
            self._awaited_since = now if now >= self.expires + UNASKED_S else None

    async def settle(self, wait_s: float) -> None:
        """Wait for a reading only where what is known is old because nobody asked.

        At most until `wait_s` after it began: behind a hung store nobody queues.
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
        except Exception:  # a defect in one source must not take its row from the page
            log.exception("reader_defect", source=self.name)
            found = Observation(reachable=False, error=ErrorWord.FAILED)
        finally:
            if self._reading is not None:
                self._reading.set()
                self._reading = None
            self._learn(found, (time.perf_counter() - started) * 1000)

    async def _ask(self, source: Readable) -> Observation:
        """Read, and once more where the connection was lost: it may have been dead before."""
        try:
            return await source.read()
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
        self._last = Look(
            found=found,
            at=now,
            latency_ms=latency_ms,
            failing_since=self._failing_since,
            last_stamp=self._last_stamp,
            last_answer=self._last_answer,
        )
        self.expires = time.monotonic() + self._serves_s(found, now)

    def _serves_s(self, found: Observation, now: datetime) -> float:
        """How long a reading serves: when the next stamp is due, it is looked for at once."""
        if not found.reachable:
            return min(self._lifetime_s, FAILED_S)
        if found.stamp is None or found.interval_s is None:
            return self._lost_serves_s(now)
        self._whole = Whole(now, found.interval_s)
        lifetime_s = min(self._lifetime_s, found.interval_s / LIFETIMES_IN_INTERVAL)
        watch_s = min(WATCH_S, found.interval_s / WATCHES_IN_INTERVAL)
        due_in_s = found.interval_s - (now - found.stamp).total_seconds()
        if due_in_s > 0:
            return min(lifetime_s, due_in_s + watch_s)
        # A worker that is dead is no reason to go on asking every second.
        return watch_s if due_in_s > -found.interval_s else lifetime_s

    def _lost_serves_s(self, now: datetime) -> float:
        """How long it serves without a stamp: if somebody replaced one, the next is near."""
        if self._whole is None:
            return self._lifetime_s
        at, interval_s = self._whole
        is_near = (now - at).total_seconds() <= LOST_INTERVALS * interval_s
        watch_s = min(WATCH_S, interval_s / WATCHES_IN_INTERVAL)
        return min(self._lifetime_s, watch_s) if is_near else self._lifetime_s


class Readers:
    """All readers of a process."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self.by_name = readers

    async def get(self, *names: str, wait_s: float = FIRST_WAIT_S) -> dict[str, Look | None]:
        """What is known of these sources, of all if none is named."""
        wanted = [self.by_name[name] for name in names or self.by_name if name in self.by_name]
        await _refresh(wanted, wait_s)
        return {reader.name: reader.last for reader in wanted}

    async def refresh(self, wait_s: float = FIRST_WAIT_S) -> None:
        """As `get` of all sources, for who takes what is known later."""
        await _refresh(self.by_name.values(), wait_s)


async def _refresh(readers: Collection[Reader], wait_s: float) -> None:
    now = time.monotonic()
    due = [reader for reader in readers if now >= reader.expires]
    for reader in due:
        reader.refresh(now)
    for reader in due:  # all read at once, so that this waits for the slowest alone
        await reader.settle(wait_s)


Looks = Mapping[str, Look | None]
"""What is known by slug; None where nothing has been read yet."""
