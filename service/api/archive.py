"""The past, as requests see it: known sources, one reading for many, an outage as an answer."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from fastapi import Response

from schema.errors import ErrorWord
from schema.responses import Response as Document
from service.api.cache import Cache
from service.api.errors import problem
from service.aws.identity import Identity
from service.history.past import Past
from service.settings import Settings
from service.source import SourceError
from service.sources import postgres

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
        past: What reads it.
        beats_kept: How long single beats are kept.
    """

    def __init__(self, past: Past, beats_kept: timedelta) -> None:
        self.past = past
        self.beats_kept = beats_kept
        self._answers: Cache[Answer] = Cache(LIFETIME_S, ANSWERS_KEPT)

    def sources(self, source: str | None) -> list[str]:
        """The slugs that a request means; none if it names one that does not exist."""
        if source is None:
            return list(self.past.titles)
        return [source] if source in self.past.titles else []

    async def answer(self, key: Hashable, read: Callable[[], Awaitable[Document]]) -> Answer:
        """The answer to a request.

        Args:
            key: Which request it is.
            read: Reads the document.
        """

        async def make() -> Answer:
            try:
                return Answer((await read()).model_dump_json().encode())
            except SourceError as error:
                log.debug("history_reading_failed", error=error.word, detail=error.detail)
                return Answer(None, error.word)

        return await self._answers.get(key, make)


@asynccontextmanager
async def remembering(settings: Settings) -> AsyncIterator[Archive]:
    """The past on two connections of its own: a long reading delays no stamp's."""
    process = settings.process
    found = next((s for s in settings.sources if isinstance(s, postgres.Settings)), None)
    source = postgres.Postgres(postgres.engine(found), process.name) if found else None
    titles = {each.name: each.title for each in settings.sources}
    if settings.aws is not None:
        titles[Identity.name] = Identity.title
    past = Past(source, process.name, titles, process.interval_s)
    yield Archive(past, timedelta(days=process.history_retention_days))
    if source is not None:
        await source.close()
