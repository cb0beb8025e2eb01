"""Stores in memory whose behaviour tests control."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import anyio.lowlevel

from schema.errors import ErrorWord
from schema.freshness import in_future
from schema.heartbeat import Heartbeat
from service.aws.client import Aws
from service.aws.roles_anywhere import Settings
from service.errors import Shortfall, SourceError
from service.observation import Observation
from service.source import Source

NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)


class MemorySource(Source):
    """A source that keeps its stamp in memory and fails as configured.

    Attributes:
        written: Every heartbeat passed to `write`, even if it was not stored.
        failures: Exceptions for the next writes, one for each.
        before: Awaited before each write and read, so that a test can delay them.
    """

    def __init__(
        self, now: Callable[[], datetime] = lambda: NOW, failures: list[Exception] | None = None
    ) -> None:
        self.written: list[Heartbeat] = []
        self.failures = failures or []
        self.stored: Heartbeat | None = None
        self.reads = 0
        self.closed = False
        self.before: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint
        self._now = now

    async def connected(self) -> "MemorySource":
        """Return the source as a reader gets it."""
        return self

    async def write(self, heartbeat: Heartbeat) -> Shortfall | None:
        await self.before()
        self.written.append(heartbeat)
        if self.failures:
            raise self.failures.pop(0)
        stored = self.stored
        if (
            stored is None
            or stored.timestamp < heartbeat.timestamp
            or in_future(stored.timestamp, self._now())
        ):
            self.stored = heartbeat
        return None

    async def read(self) -> Observation:
        self.reads += 1
        await self.before()
        if self.failures:
            raise self.failures.pop(0)
        if self.stored is None:
            return Observation()
        return Observation(
            stamp=self.stored.timestamp,
            interval_s=self.stored.interval_seconds,
            report=self.stored.report,
        )

    async def close(self) -> None:
        self.closed = True


def failing(word: ErrorWord = ErrorWord.UNREACHABLE, times: int = 1000) -> list[Exception]:
    """Return a number of failures with one error word."""
    return [SourceError(word) for _ in range(times)]


class InterruptedAws(Aws):
    """An AWS identity that lets a test interrupt the first write of a value.

    Args:
        settings: The identity's settings.
        interrupt: Awaited between reading and writing the value.
    """

    def __init__(self, settings: Settings, interrupt: Callable[[], Awaitable[None]]) -> None:
        super().__init__(settings)
        self._interrupts = [interrupt]

    async def call(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        if "SecretString" in parameters and self._interrupts:
            await self._interrupts.pop()()
        return await super().call(service, operation, **parameters)
