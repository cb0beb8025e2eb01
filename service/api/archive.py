"""The past, as requests see it: known sources, one reading for many, an outage as an answer."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
import structlog
from fastapi import Response

from schema.errors import ErrorWord
from schema.response import Response as Document
from service.api.cache import Cache
from service.api.errors import problem
from service.errors import SourceError
from service.kind import Shared
from service.late import Late
from service.settings import Settings

if TYPE_CHECKING:
    from service.history.past import Past

LIFETIME_S = 5.0  # of an answer; well below the cadence of beats
ANSWERS_KEPT = 64
UNAVAILABLE = 503

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent; an outage is one too, so that it is not asked for by everybody.

    Attributes:
        document: The body, None in an outage.
        error: Why PostgreSQL could not be read.
    """

    document: bytes | None
    error: ErrorWord = ErrorWord.FAILED

    @property
    def response(self) -> Response:
        """As HTTP."""
        if self.document is not None:
            return Response(self.document, media_type="application/json")
        reason = "which cannot be read now"
        if self.error is ErrorWord.NOT_CONFIGURED:
            reason = "which is not configured"
        message = f"history is kept in PostgreSQL, {reason}: {self.error}"
        return problem(UNAVAILABLE, self.error, message)


class Archive:
    """Answers about the past, each made once however many ask.

    Args:
        settings: Which sources there are, and where their past is kept.

    Attributes:
        titles: The sources that have a past, by slug, in their order.
        interval_s: Seconds between slots, where no beat says so.
        beats_kept: How long single beats are kept.
        past: What reads it, on two connections of its own: a long reading delays no stamp's.
    """

    def __init__(self, settings: Settings) -> None:
        self.titles = {each.name: each.title for each in settings.sources}
        self.interval_s = settings.process.interval_s
        self.beats_kept = timedelta(days=settings.process.history_retention_days)
        self.past = Late(lambda: self._open(settings))
        self._answers: Cache[Answer] = Cache(LIFETIME_S, ANSWERS_KEPT)

    def sources(self, source: str | None) -> list[str]:
        """The slugs that a request means; none if it names one that does not exist."""
        if source is None:
            return list(self.titles)
        return [source] if source in self.titles else []

    async def answer(self, key: Hashable, read: "Callable[[Past], Awaitable[Document]]") -> Answer:
        """The answer to a request.

        Args:
            key: Which request it is.
            read: Reads the document.
        """

        async def make() -> Answer:
            try:
                return Answer((await read(await self.past.get())).model_dump_json().encode())
            except SourceError as error:
                log.debug("history_reading_failed", error=error.word, detail=error.detail)
                return Answer(None, error.word)

        return await self._answers.get(key, make)

    async def close(self) -> None:
        """Give the connections back."""
        if self.past.made is not None:
            await self.past.made.close()

    def _open(self, settings: Settings) -> "Past":
        from service.history.past import Past  # noqa: PLC0415  with SQLAlchemy, half a second

        name, where = settings.process.name, settings.history
        source = where.connect(Shared(name=name)) if where else None
        return Past(source, name, self.titles, self.interval_s)


@asynccontextmanager
async def remembering(settings: Settings) -> AsyncIterator[Archive]:
    """The past, for as long as requests come."""
    archive = Archive(settings)
    try:
        yield archive
    finally:
        with anyio.CancelScope(shield=True):  # closing is bounded in time by itself
            await archive.close()
