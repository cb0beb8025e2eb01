"""Answers from history: concurrent requests share one reading, and an outage is an answer too."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import anyio
import structlog
from starlette.responses import Response

from schema.errors import ErrorWord
from schema.history import replica_of, server_of
from schema.response import Response as Document
from service.api.cache import Cache
from service.api.download import Format
from service.api.errors import problem
from service.errors import SourceError
from service.history.window import Window
from service.kind import Shared
from service.lazy import Lazy
from service.settings import Settings

if TYPE_CHECKING:
    from service.history.reader import HistoryReader

LIFETIME_S = 5.0  # lifetime of an answer; well below the interval of beats
ANSWERS_KEPT = 64
UNAVAILABLE = 503

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; an outage is one too, so that it is shared like any other.

    Attributes:
        document: The body, None in an outage.
        error: Why PostgreSQL could not be read.
    """

    document: bytes | None
    error: ErrorWord = ErrorWord.FAILED

    @property
    def response(self) -> Response:
        """Return it as an HTTP response."""
        if self.document is not None:
            return Response(self.document, media_type="application/json")
        reason = "which cannot be read now"
        if self.error is ErrorWord.NOT_CONFIGURED:
            reason = "which is not configured"
        message = f"history is kept in PostgreSQL, {reason}: {self.error}"
        return problem(UNAVAILABLE, self.error, message)


class Archive:
    """Answers from history, each made once for all concurrent requests.

    Args:
        settings: The sources, and which of them keeps history.

    Attributes:
        titles: Titles of the sources in history, by slug, in their order; their replicas are last.
        interval_s: Seconds between slots, where no beat has its own.
        beats_kept: How long single beats are kept.
        past: Reads history, on two connections of its own, so that a long query delays no other.
    """

    def __init__(self, settings: Settings) -> None:
        stores = {each.name: each.title for each in settings.sources}
        self.titles = stores | {
            replica_of(each.name): f"{each.title}'s replica"
            for each in settings.sources
            if each.settings.replica
        }
        self._servers = {server_of(name): title for name, title in stores.items()}
        self.interval_s = settings.process.interval_s
        self.beats_kept = timedelta(days=settings.process.history_retention_days)
        self.past = Lazy(lambda: self._open(settings))
        self._answers: Cache[Answer] = Cache(LIFETIME_S, ANSWERS_KEPT)
        self._shared = anyio.Lock()  # downloads share one connection; the other is for the page

    def sources(self, source: str | None) -> list[str]:
        """List the slugs that a request selects; none if it names an unknown one."""
        if source is None:
            return list(self.titles)
        return [source] if source in self.titles else []

    def with_servers(self, sources: Sequence[str]) -> list[str]:
        """Return sources with the names of their servers, whose incidents are promotions."""
        return [*sources, *(s for name in sources if (s := server_of(name)) in self._servers)]

    async def answer(
        self, key: Hashable, read: "Callable[[HistoryReader], Awaitable[Document]]"
    ) -> Answer:
        """Return the answer to a request."""

        async def make() -> Answer:
            try:
                return Answer((await read(await self.past.get())).model_dump_json().encode())
            except SourceError as error:
                return self.unavailable(error)

        return await self._answers.get(key, make)

    async def download(
        self, sources: Sequence[str], window: Window, form: Format
    ) -> AsyncIterator[bytes]:
        """Return the beats of a window in pieces, each read when it is needed.

        Args:
            sources: Slugs.
            window: The window.
            form: The format.

        Raises:
            SourceError: PostgreSQL cannot be read; while the pieces are read, too.
        """
        from service.history.stamps import pages  # noqa: PLC0415  only for downloads

        past = await self.past.get()

        async def page(source: str, start: datetime, end: datetime, most: int) -> Sequence[Any]:
            async with self._shared:
                return await past.beats(source, start, end, most)

        beats = pages(page, sources, window)
        # Before the first piece, an outage can still be reported.
        first = await anext(beats, None) or []

        async def pieces() -> AsyncIterator[bytes]:
            yield form.head + form.lines(first)
            async for each in beats:
                yield form.lines(each)

        return pieces()

    def unavailable(self, error: SourceError) -> Answer:
        """Return an outage as an answer."""
        log.debug("history_reading_failed", error=error.word, detail=error.detail)
        return Answer(None, error.word)

    async def close(self) -> None:
        """Close the connections."""
        if self.past.made is not None:
            await self.past.made.close()

    def _open(self, settings: Settings) -> "HistoryReader":
        from service.history.reader import HistoryReader  # noqa: PLC0415  only for its endpoints

        name, where = settings.process.name, settings.history
        source = where.connect(Shared(name=name)) if where else None
        return HistoryReader(source, name, self.titles | self._servers, self.interval_s)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Archive]:
    """Provide the archive while the app runs."""
    archive = Archive(settings)
    try:
        yield archive
    finally:
        with anyio.CancelScope(shield=True):  # closing has its own time limit
            await archive.close()
