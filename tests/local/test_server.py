"""One contract for both embedded servers, with real clients."""

import asyncio
import os
import secrets
import socket
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from local.postgres import Postgres
from local.server import Server, StartError
from local.valkey import Valkey
from tests.platform import admin


@pytest.fixture(scope="module", params=[Postgres, Valkey])
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Each kind of server, whose data folder is made once."""
    made: Server = request.param(tmp_path_factory.mktemp("server") / "a store")
    return made


@pytest.fixture
def server(prepared: Server) -> Iterator[Server]:
    """A server that does not run yet, with data of earlier tests."""
    made = type(prepared)(prepared.folder)
    yield made
    made.stop()


def test_it_accepts_connections_once_started(server: Server) -> None:
    with server:
        value = keep(server)

        assert kept(server) == value


def test_data_survive_a_stop_on_the_same_port(server: Server) -> None:
    server.start()
    port = server.environment
    value = keep(server)
    server.stop()

    server.start()

    assert server.environment == port
    assert kept(server) == value


def test_data_survive_a_crash(server: Server) -> None:
    server.start()
    value = keep(server)
    server.kill()

    server.start()

    assert kept(server) == value


def test_a_server_left_running_is_stopped_by_the_next_start(server: Server) -> None:
    server.start()
    value = keep(server)
    successor = type(server)(server.folder)

    with successor:
        assert kept(successor) == value
        assert not server.process.running


def test_stopping_leaves_no_processes(server: Server) -> None:
    server.start()
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]

    server.stop()

    assert not [process for process in family if process.is_running()]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_paused_server_continues(server: Server) -> None:
    server.start()
    value = keep(server)
    process = psutil.Process(server.pid)

    server.pause()
    paused = stopped([process, *process.children(recursive=True)])
    server.resume()

    assert paused
    assert kept(server) == value


def stopped(family: list[psutil.Process]) -> bool:
    """Wait until each process is stopped, or is a zombie of its stopped parent."""
    for _ in range(3000):
        states = {each.status() for each in family}
        if psutil.STATUS_STOPPED in states <= {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}:
            return True
        time.sleep(0.01)
    return False


def test_a_wrong_password_is_refused(server: Server) -> None:
    server.start()
    wrong = {name: "wrong" for name in server.environment if name.endswith("PASSWORD")}

    with pytest.raises((asyncpg.InvalidPasswordError, redis.AuthenticationError)):
        keep(server, **wrong)


def test_its_password_is_readable_by_its_owner_only_and_on_no_command_line(server: Server) -> None:
    server.start()
    secret = (server.folder / "password").read_text()

    assert stat.S_IMODE((server.folder / "password").stat().st_mode) == 0o600
    assert secret in server.environment.values()
    assert secret not in " ".join(psutil.Process(server.pid).cmdline())


def test_a_port_in_use_is_named_in_the_error(server: Server) -> None:
    refusal = pytest.raises(StartError, match=f"{server.name} did not start(?s:.*){server.port}")

    with socket.create_server(("127.0.0.1", server.port)), refusal:
        server.start()


def test_postgres_starts_despite_a_lock_file_whose_pid_was_reused(tmp_path: Path) -> None:
    with Postgres(tmp_path / "store") as postgres:
        lock = tmp_path / "store/data/postmaster.pid"
        text = lock.read_text()
    neighbour = psutil.Process().parent() or psutil.Process(1)
    lock.write_text(text.replace(str(postgres.pid), str(neighbour.pid), 1))

    with postgres:
        keep(postgres)


def test_postgres_discards_a_half_initialized_cluster(tmp_path: Path) -> None:
    half_made = tmp_path / "store/data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    with Postgres(tmp_path / "store") as postgres:
        keep(postgres)

    assert not half_made.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its rights up")
def test_postgres_does_not_run_as_root(tmp_path: Path) -> None:
    with Postgres(tmp_path / "store") as postgres:
        assert psutil.Process(postgres.pid).username() == "nobody"


def keep(server: Server, **changes: str) -> str:
    """Store a value that no other test has stored; return it."""
    value = secrets.token_hex(4)
    settings = {**server.environment, **changes}
    if isinstance(server, Postgres):
        query(settings, "CREATE TABLE IF NOT EXISTS kept (at serial, value text)")
        query(settings, "INSERT INTO kept (value) VALUES ($1)", value)
    else:
        with valkey(settings) as client:
            client.set("kept", value)
            client.waitaof(1, 0, 5000)  # on the disk: a crash loses at most a second's writes
    return value


def kept(server: Server) -> str:
    if isinstance(server, Postgres):
        return query(server.environment, "SELECT value FROM kept ORDER BY at DESC LIMIT 1")
    with valkey(server.environment) as client:
        return str(client.get("kept"))


def query(settings: Mapping[str, str], sql: str, *arguments: str) -> str:
    async def once() -> str:
        connection = await admin.postgres(settings)
        try:
            return str(await connection.fetchval(sql, *arguments))
        finally:
            await connection.close()

    return asyncio.run(once())


def valkey(settings: Mapping[str, str]) -> redis.Redis:
    return redis.Redis(
        settings["VALKEY_HOST"],
        int(settings["VALKEY_PORT"]),
        password=settings["VALKEY_PASSWORD"],
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
