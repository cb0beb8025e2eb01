"""One process's view of all sources: connected once, read on request."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

import anyio
import structlog

from schema.timestamps import utc_now
from service.connections import close, connect, shared
from service.kind import Shared
from service.lazy import Lazy
from service.settings import Settings
from service.source import Source
from service.undelivered import Undelivered
from service.verdict.coalesced import Coalesced
from service.verdict.readers import FIRST_WAIT_S, LastReadings, Reader, Readers
from service.verdict.snapshot import Snapshot
from service.verdict.status import worker_status

SLACK_S = 0.2  # between a deadline and the end of a reading

log = structlog.get_logger()


class Watch:
    """The sources of one process, with a shared reader on each.

    Attributes:
        settings: The configured sources.
        shared: Objects that they share.
        readers: A reader for each.
        since: When this process started to read.
        undelivered: Returns the targets that alerts do not reach.
    """

    def __init__(self, settings: Settings, among: Shared, readers: Readers) -> None:
        self.settings = settings
        self.shared = among
        self.readers = readers
        self.since: datetime = utc_now()
        self.undelivered: Callable[[], Sequence[Undelivered]] = tuple
        self._shared = Coalesced(self._document)

    async def snapshot(self, *names: str, wait_s: float = FIRST_WAIT_S) -> Snapshot:
        """Return the state of these sources, by default of all.

        Args:
            names: Slugs.
            wait_s: How long to wait if nothing recent is known.
        """
        return self._snapshot(await self.readers.get(*names, wait_s=wait_s))

    @property
    def longest_reading_s(self) -> float:
        """Return the seconds in which every reading has ended by its deadline."""
        deadlines = (source.kind.read_deadline_s for source in self.settings.sources)
        return max(deadlines, default=0.0) + SLACK_S

    @property
    def is_stuck(self) -> bool:
        """Tell whether a reading is still in flight after an impossible time: our own defect."""
        now = time.monotonic()
        return any(reader.is_stuck(now) for reader in self.readers.by_name.values())

    async def status(self) -> bytes:
        """Return the status document of this moment as JSON."""
        await self.readers.refresh()
        return self._shared.get()

    def _document(self) -> bytes:
        looks = {name: reader.last for name, reader in self.readers.by_name.items()}
        return worker_status(self._snapshot(looks)).model_dump_json().encode()

    def _snapshot(self, looks: LastReadings) -> Snapshot:
        return Snapshot(
            settings=self.settings,
            aws=self.shared.aws.facts() if self.shared.aws else None,
            looks=looks,
            now=utc_now(),
            watching_since=self.since,
            undelivered=self.undelivered(),
        )


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[Watch]:
    """Provide a watch over all sources, which connects in the background.

    Readings run in the background, and end with it.
    """
    among = shared(settings)
    async with _connected(settings, among) as sources, anyio.create_task_group() as tasks:
        readers = {
            each.name: Reader(
                each.name,
                partial(_source, sources, each.name),
                each.kind.lifetime_s,
                each.kind.read_deadline_s,
                tasks.start_soon,
            )
            for each in settings.sources
        }
        tasks.start_soon(_connect_ahead, sources)
        yield Watch(settings, among, Readers(readers))
        tasks.cancel_scope.cancel()


async def _source(sources: Lazy[dict[str, Source]], name: str) -> Source:
    return (await sources.get())[name]


@asynccontextmanager
async def _connected(settings: Settings, among: Shared) -> AsyncIterator[Lazy[dict[str, Source]]]:
    """Provide the sources, and close them at the end."""
    sources = Lazy(lambda: connect(settings, among))
    try:
        yield sources
    finally:
        with anyio.CancelScope(shield=True):  # each takes bounded time
            await close(sources.made or {})


async def _connect_ahead(sources: Lazy[dict[str, Source]]) -> None:
    """Import the drivers before the first request; if that fails, a later request tries again."""
    try:
        await sources.get()
    except Exception:  # too few descriptors or too little memory: it may work later
        log.exception("connecting_failed")
