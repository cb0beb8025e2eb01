"""The stores of alerts, connected behind the API's first answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from schema.errors import ErrorWord
from service.alerts.lease import Stores
from service.alerts.ledger import Ledger
from service.alerts.spill import Spill
from service.errors import SourceError
from service.kind import Shared
from service.lazy import Lazy
from service.settings import Settings
from service.source import Connection, Source

if TYPE_CHECKING:  # drivers, which are imported when they are first needed
    from redis.asyncio import Redis


class Connections:
    """The stores that can keep alerts, on connections of their own: no reading delays them.

    Args:
        settings: Which stores there are: alerts lie where history does, and in the first Valkey.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sources: Lazy[dict[str, Source]] = Lazy(self._connect)
        name, history = settings.process.name, settings.history
        self._history = history.name if history else ""
        self.stores = Stores(
            Ledger(_Database(self), name) if history else None, Spill(_Keys(self), name)
        )

    async def ready(self) -> dict[str, Source]:
        """The stores, once their drivers are imported."""
        return await self._sources.get()

    async def database(self) -> Source:
        """Where history is kept."""
        return (await self.ready())[self._history]

    async def close(self) -> None:
        """Give all connections back."""
        async with anyio.create_task_group() as tasks:
            for source in (self._sources.made or {}).values():
                tasks.start_soon(source.close)

    def _connect(self) -> dict[str, Source]:
        among = Shared(name=self._settings.process.name)
        own = [s for s in self._settings.sources if s.depends_on is None and s.kind.keeps_stamp]
        return {each.name: each.connect(among) for each in own}


class _Database:
    """PostgreSQL, connected when it is first asked."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def connection(self, *, transaction: bool = False) -> AsyncIterator[Connection]:
        """A connection; as that of the store itself."""
        database = (await self._connections.database()).database
        if database is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        async with database.connection(transaction=transaction) as connection:
            yield connection

    async def migrate(self, *, thorough: bool = False) -> str:
        """As the store itself."""
        database = (await self._connections.database()).database
        if database is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        return await database.migrate(thorough=thorough)


class _Keys:
    """The first Valkey, connected when it is first asked; without any it is away for good."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def commands(self) -> "AsyncIterator[Redis]":
        """The client; as that of the store itself."""
        sources = await self._connections.ready()
        keys = next((source.keys for source in sources.values() if source.keys), None)
        if keys is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        async with keys.commands() as client:
            yield client
