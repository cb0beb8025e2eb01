"""The child process that migrates."""

import subprocess
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import anyio
import asyncpg
import psutil
import pytest
from pydantic import SecretStr

from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat
from schema.migrations import ADVISORY_LOCK, head
from schema.timestamps import utc_now
from service.errors import SourceError
from service.sources import postgres
from service.sources.postgres import child, upgrade
from service.sources.postgres.pool import Pool
from service.sources.postgres.settings import Settings
from service.sources.postgres.store import Postgres
from tests.platform import admin
from tests.platform.emptied import NAME
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio

POLL_S = 0.02  # a wait without a pause takes the CPU that it waits for


@pytest.fixture
def settings(database: dict[str, str]) -> Settings:
    return settings_of(database, postgres.KIND)


async def execute(database: dict[str, str], *statements: str) -> None:
    connection = await admin.postgres(database, NAME)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def children() -> list[psutil.Process]:
    """Return the running migration processes."""
    return [p for p in psutil.Process().children() if child.MODULE in p.cmdline()]


async def test_two_databases_at_once_are_each_migrated(
    settings: Settings, database: dict[str, str]
) -> None:
    await execute(database, "DROP DATABASE IF EXISTS beside", "CREATE DATABASE beside")
    found: list[str] = []

    async def migrate(each: Settings) -> None:
        found.append(await child.upgrade(each, 5.0))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(migrate, settings)
        tasks.start_soon(migrate, settings.model_copy(update={"database": "beside"}))

    assert found == [head(), head()]
    await execute(database, "DROP DATABASE beside")


READ_ONLY = "ALTER DATABASE test SET default_transaction_read_only = on"


@pytest.mark.parametrize(
    ("statement", "word", "text"),
    [
        ("CREATE TABLE last_update (id integer)", ErrorWord.INVALID_DATA, "rename that"),
        (READ_ONLY, ErrorWord.READ_ONLY, "25006"),
    ],
)
async def test_a_refusal_of_the_database_has_its_error_word(
    settings: Settings, database: dict[str, str], statement: str, word: ErrorWord, text: str
) -> None:
    await execute(database, statement)

    done = (await upgrade.perform(child.Job.of(settings, 5.0))).model_dump_json()
    with pytest.raises(SourceError, match=text) as error:
        child.Outcome.model_validate_json(done).found()

    assert error.value.word is word


async def test_a_wrong_password_is_auth_and_not_shown(settings: Settings) -> None:
    wrong = settings.model_copy(update={"password": SecretStr("hunter2")})

    with pytest.raises(SourceError) as error:
        await child.upgrade(wrong, 5.0)

    assert error.value.word is ErrorWord.AUTH
    assert "hunter2" not in repr(error.value)


async def test_cancelling_ends_the_process_and_leaves_the_database_unchanged(
    settings: Settings, database: dict[str, str]
) -> None:
    holder = await admin.postgres(database, NAME)
    await holder.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(child.upgrade, settings, 60.0)
        await _until(holder, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted")
        [process] = children()
        assert settings.password.get_secret_value() not in " ".join(process.cmdline())
        tasks.cancel_scope.cancel()

    assert children() == []
    await _until(holder, "SELECT count(*) = 0 FROM pg_locks WHERE NOT granted")
    assert await holder.fetchval("SELECT to_regclass('last_update')") is None
    await holder.close()


async def test_a_migration_continues_when_the_write_that_started_it_is_cancelled(
    database: dict[str, str], settings: Settings
) -> None:
    source, holder = Postgres(Pool(settings), "worker"), await admin.postgres(database, NAME)
    heartbeat = Heartbeat(name="worker", timestamp=utc_now())
    await _cancelled_while_it_waits_for_the_lock(holder, partial(source.write, heartbeat))

    await holder.execute("SELECT pg_advisory_unlock_all()")
    await _until(holder, "SELECT to_regclass('last_update') IS NOT NULL")

    await source.write(heartbeat)
    assert (await source.read()).stamp == heartbeat.timestamp
    await source.close()
    await holder.close()


async def test_closing_a_source_ends_its_migration(
    database: dict[str, str], settings: Settings
) -> None:
    source, holder = Postgres(Pool(settings), "worker"), await admin.postgres(database, NAME)
    await _cancelled_while_it_waits_for_the_lock(holder, source.migrate)

    await source.close()

    await _until(holder, "SELECT count(*) = 0 FROM pg_locks WHERE NOT granted")
    assert await holder.fetchval("SELECT to_regclass('last_update')") is None
    await holder.close()


async def _cancelled_while_it_waits_for_the_lock(
    holder: asyncpg.Connection, call: Callable[[], Coroutine[Any, Any, object]]
) -> None:
    """Take the migration's lock, start a call that migrates, and cancel it while it waits."""
    await holder.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await _until(holder, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted")
        tasks.cancel_scope.cancel()


async def _until(connection: asyncpg.Connection, question: str) -> None:
    while not await connection.fetchval(question):  # noqa: ASYNC110 - no event announces what a server does
        await anyio.sleep(POLL_S)


async def test_a_process_that_fails_to_start_is_reported_with_the_reason(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "MODULE", "service.no_such_module")
    with pytest.raises(SourceError, match="no_such_module") as crashed:
        await child.upgrade(settings, 5.0)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(SourceError, match="no process") as missing:
        await child.upgrade(settings, 5.0)

    assert {crashed.value.word, missing.value.word} == {ErrorWord.FAILED}


def test_the_process_prints_only_its_result(settings: Settings) -> None:
    job = child.Job.of(settings, 5.0).model_dump_json()

    done = subprocess.run(
        [sys.executable, "-m", child.MODULE], input=job, capture_output=True, text=True, check=True
    )

    assert child.Outcome.model_validate_json(done.stdout).revision == head()
    assert done.stderr == ""
