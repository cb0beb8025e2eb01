"""One process's view of all sources: connected once, read when somebody asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import anyio

from schema.timestamps import utc_now
from service.aws.identity import Identity
from service.aws.roles_anywhere import Aws
from service.settings import Settings
from service.source import Shared, Source
from service.verdict.snapshot import FIRST_WAIT_S, Observations, Reader, Snapshot
from service.verdict.status import Known
from service.verdict.turn import Turn


class Watch:
    """The sources of one process, with a shared reader on each.

    Attributes:
        settings: Which sources there are.
        aws: The AWS identity, None if it is not configured.
        snapshot: The shared readers.
        since: When this process began to look.
    """

    def __init__(self, settings: Settings, aws: Aws | None, snapshot: Snapshot) -> None:
        self.settings = settings
        self.aws = aws
        self.snapshot = snapshot
        self.since: datetime = utc_now()
        self._turn = Turn(self._document)

    async def known(self, *names: str, wait_s: float = FIRST_WAIT_S) -> Known:
        """What is known now of these sources, of all if none is named.

        Args:
            names: Slugs.
            wait_s: How long to wait where nothing recent is known.
        """
        return self._known(await self.snapshot.get(*names, wait_s=wait_s))

    async def status(self) -> bytes:
        """The whole document as JSON, of the moment after the last who asked together has asked."""
        await self.snapshot.refresh()
        return await self._turn.get()

    def _document(self) -> bytes:
        found = {name: reader.last for name, reader in self.snapshot.readers.items()}
        return self._known(found).worker_status().model_dump_json().encode()

    def _known(self, found: Observations) -> Known:
        return Known(
            settings=self.settings,
            aws=self.aws,
            found=found,
            now=utc_now(),
            watching_since=self.since,
        )


def connect(settings: Settings) -> tuple[dict[str, Source], Aws | None]:
    """Every source that is switched on, the AWS identity among them; no network I/O."""
    aws = Aws(settings.aws) if settings.aws else None
    shared = Shared(name=settings.process.name, aws=aws)
    sources: dict[str, Source] = {each.name: each.connect(shared) for each in settings.sources}
    if aws is not None:
        sources[Identity.name] = Identity(aws)
    return sources, aws


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[Watch]:
    """A watch over all sources; readings run beside the requests, and end with it."""
    sources, aws = connect(settings)
    timing = {each.name: (each.lifetime_s, each.read_deadline_s) for each in settings.sources}
    timing[Identity.name] = (Identity.lifetime_s, Identity.read_deadline_s)
    async with anyio.create_task_group() as tasks:
        readers = {
            name: Reader(name, source, *timing[name], tasks.start_soon)
            for name, source in sources.items()
        }
        yield Watch(settings, aws, Snapshot(readers))
        tasks.cancel_scope.cancel()
    await close(sources)


async def close(sources: dict[str, Source]) -> None:
    """Close all sources at once; each is bounded in time by itself."""
    async with anyio.create_task_group() as tasks:
        for source in sources.values():
            tasks.start_soon(source.close)
