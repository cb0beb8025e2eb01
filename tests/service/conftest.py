"""Fixtures of servers and sources for several folders of tests."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from local.aws.process import RunningAws
from local.postgres import Postgres as PostgresServer
from local.valkey import Valkey
from service.sources.postgres import pool as postgres_pool
from service.sources.postgres.store import Postgres
from service.sources.valkey import store as valkey_store
from tests.conftest import _folder, empty_database, empty_keys, reset_aws
from tests.platform import authorities
from tests.service.history_data import connected
from tests.service.mariadb import MariaDb

PLAIN_TEXT = "plain text"


@pytest.fixture(scope="package", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust one certificate authority by default, so that a TLS context costs next to nothing."""
    with authorities.one(tmp_path_factory.mktemp("authority")):
        yield


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """A MariaDB that keeps its tables, so each test has its own heartbeat name."""
    with MariaDb(_folder(tmp_path_factory, "mariadb")) as server:
        yield server


@pytest.fixture
async def source(database: dict[str, str]) -> AsyncIterator[Postgres]:
    """PostgreSQL with this version's schema, as in the worker and the API."""
    made = connected(database)
    await made.migrate()
    yield made
    await made.close()


@pytest.fixture
def patient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give drivers a minute for TLS, because the machine may be busy.

    Valkey's driver recognizes a server in plain text only after its time limit.
    """
    if PLAIN_TEXT not in request.node.callspec.params.values():
        for module in (valkey_store, postgres_pool):
            monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 60.0)


@pytest.fixture(scope="module")
def lasting(
    postgres: PostgresServer, valkey: Valkey, aws_process: RunningAws, operator: Any
) -> Iterator[dict[str, str]]:
    """The environment of a process that uses all stores, which keep their data for a module.

    No test of such a module may use a fixture that empties a store.
    """
    with pytest.MonkeyPatch.context() as patch:
        reset_aws(aws_process, operator, patch)
        databases = empty_database(postgres, patch) | empty_keys(valkey)
        yield databases | aws_process.environment()
