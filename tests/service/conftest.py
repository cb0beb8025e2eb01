"""Servers and sources that several folders of these tests share."""

from collections.abc import AsyncIterator, Iterator

import pytest

from service.sources.postgres.store import Postgres
from tests.conftest import _folder
from tests.service.history_data import connected
from tests.service.mariadb import MariaDb


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """A MariaDB, whose tables stay: each test is an author of its own."""
    with MariaDb(_folder(tmp_path_factory, "mariadb")) as server:
        yield server


@pytest.fixture
async def source(database: dict[str, str]) -> AsyncIterator[Postgres]:
    """PostgreSQL with this version's schema, as the worker and the API have it."""
    made = connected(database)
    await made.migrate()
    yield made
    await made.close()
