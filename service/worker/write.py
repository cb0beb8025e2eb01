"""One source's write in one cycle: its attempts, and when another follows."""

import time
from collections.abc import Awaitable, Callable

import anyio
import stamina
import structlog

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat, Result
from service.errors import Shortfall, SourceError
from service.outcome import Attempt, Outcome
from service.source import Source

RETRY_INITIAL_S = 0.2
RETRY_MAX_S = 5.0  # four attempts fit into a deadline of 20 s

log = structlog.get_logger()


class Write:
    """One source's write in one cycle, and what its attempts have shown so far.

    Args:
        name: The source's slug.
        source: The source.
        heartbeat: The stamp.

    Attributes:
        result: `ok`, or the last attempt's word; `timeout` before the first one ends.
        cause: The reason behind it, None if unknown.
        detail: The driver's message.
    """

    def __init__(self, name: str, source: Source, heartbeat: Heartbeat) -> None:
        self.result: Result = ErrorWord.TIMEOUT
        self.cause: Cause | None = None
        self.detail = ""
        self._name, self._source, self._heartbeat = name, source, heartbeat
        self._short: Shortfall | None = None
        self._attempts = 0
        self._tries: list[Attempt] = []
        self._began = self._started = time.perf_counter()

    async def attempt(self) -> None:
        """Write once.

        Raises:
            SourceError: The source's.
        """
        self._attempts, self._started = self._attempts + 1, time.perf_counter()
        try:
            self._short = await self._source.write(self._heartbeat)
        except SourceError as error:
            self.result, self.detail, self.cause = error.word, error.detail, error.cause
            failure = {"attempt": self._attempts, "error": error.word, "detail": error.detail}
            log.debug("attempt_failed", source=self._name, **failure)
            self._end()
            raise
        self.result = "ok"
        self.detail, self.cause = (
            (self._short.detail, self._short.cause) if self._short else ("", None)
        )

    def outcome(self) -> Outcome:
        """Return the outcome once no further attempt is made."""
        if len(self._tries) < self._attempts:  # the one that succeeded, or that the deadline ended
            self._end()
        return Outcome(
            source=self._name,
            stamp=self._heartbeat.timestamp,
            result=self.result,
            cause=self.cause,
            warning=self._short.word if self._short else None,
            attempts=self._attempts,
            latency_ms=round((time.perf_counter() - self._started) * 1000, 3),
            detail=self.detail,
            tries=tuple(self._tries),
        )

    def _end(self) -> None:
        began_s, ended_s = self._started - self._began, time.perf_counter() - self._began
        self._tries.append(Attempt(began_s, ended_s, self.result))


async def retried(attempt: Callable[[], Awaitable[None]], retry_for_s: float) -> None:
    """Attempt once, and again while an error is retryable and time is left.

    Stamina is set up after a failed attempt, which is its first: this takes longer than a write.

    Args:
        attempt: Raises SourceError if it fails.
        retry_for_s: For how long attempts may begin; 0 for one attempt.

    Raises:
        SourceError: That of the last attempt.
    """
    began = anyio.current_time()
    try:
        await attempt()
    except SourceError as error:
        left_s = retry_for_s - (anyio.current_time() - began)
        if left_s <= 0 or not error.retryable:
            raise
        first = [error]
    else:
        return
    async for each in stamina.retry_context(
        on=lambda error: isinstance(error, SourceError) and error.retryable,
        attempts=None,
        timeout=left_s,
        wait_initial=RETRY_INITIAL_S,
        wait_max=RETRY_MAX_S,
        wait_jitter=RETRY_INITIAL_S,
    ):
        with each:
            if first:
                raise first.pop()
            await attempt()
