"""One process's view of all sources: connected once, read when somebody asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

import anyio

from schema.timestamps import utc_now
from service.aws.client import Aws
from service.aws.identity import Identity
from service.connections import close, connect, identity
from service.late import Late
from service.settings import Settings
from service.source import Source
from service.verdict.known import Known
from service.verdict.snapshot import FIRST_WAIT_S, Observations, Reader, Snapshot
from service.verdict.status import worker_status
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
        """The whole document as JSON, of this moment."""
        await self.snapshot.refresh()
        return self._turn.get()

    def _document(self) -> bytes:
        found = {name: reader.last for name, reader in self.snapshot.readers.items()}
        return worker_status(self._known(found)).model_dump_json().encode()

    def _known(self, found: Observations) -> Known:
        return Known(
            settings=self.settings,
            aws=self.aws,
            found=found,
            now=utc_now(),
            watching_since=self.since,
        )


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[Watch]:
    """A watch over all sources, connected behind the first answers.

    Readings run beside the requests, and end with it.
    """
    aws = identity(settings)
    sources = Late(lambda: connect(settings, aws))
    timing = {each.name: (each.lifetime_s, each.read_deadline_s) for each in settings.sources}
    if aws is not None:
        timing[Identity.name] = (Identity.lifetime_s, Identity.read_deadline_s)
    async with anyio.create_task_group() as tasks:
        readers = {
            name: Reader(name, partial(_source, sources, name), *times, tasks.start_soon)
            for name, times in timing.items()
        }
        tasks.start_soon(sources.get)
        yield Watch(settings, aws, Snapshot(readers))
        tasks.cancel_scope.cancel()
    await close(sources.made or {})


async def _source(sources: Late[dict[str, Source]], name: str) -> Source:
    return (await sources.get())[name]
