"""The stores of alerts, connected in the background."""

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

if TYPE_CHECKING:  # drivers, imported on first use
    from redis.asyncio import Redis


class Connections:
    """The stores that can keep alerts, on their own connections, so that no reading delays them.

    Args:
        settings: The configured stores: alerts use the PostgreSQL of history, and the first Valkey.
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
        """Return the stores, once their drivers are imported."""
        return await self._sources.get()

    async def database(self) -> Source:
        """Return the database of history."""
        return (await self.ready())[self._history]

    async def close(self) -> None:
        """Close all connections."""
        async with anyio.create_task_group() as tasks:
            for source in (self._sources.made or {}).values():
                tasks.start_soon(source.close)

    def _connect(self) -> dict[str, Source]:
        among = Shared(name=self._settings.process.name)
        own = [s for s in self._settings.sources if s.depends_on is None and s.kind.keeps_stamp]
        return {each.name: each.connect(among) for each in own}


class _Database:
    """PostgreSQL, connected on first use."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def connection(self, *, transaction: bool = False) -> AsyncIterator[Connection]:
        """Provide a connection, like the store itself."""
        database = (await self._connections.database()).database
        if database is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        async with database.connection(transaction=transaction) as connection:
            yield connection

    async def migrate(self, *, thorough: bool = False) -> str:
        """Migrate, like the store itself."""
        database = (await self._connections.database()).database
        if database is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        return await database.migrate(thorough=thorough)


class _Keys:
    """The first Valkey, connected on first use; without one, it is always unavailable."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def commands(self) -> "AsyncIterator[Redis]":
        """Provide the client, like the store itself."""
        sources = await self._connections.ready()
        keys = next((source.keys for source in sources.values() if source.keys), None)
        if keys is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        async with keys.commands() as client:
            yield client
