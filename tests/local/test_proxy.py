"""Each mode of the proxy, with and without TLS, for real clients of PostgreSQL and Valkey."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio
import asyncpg
import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from local.aws.certificates import issue_server, make_ca
from local.postgres import Postgres
from local.proxy import Mode, Proxy, serving
from local.server import Server, free_port
from local.valkey import Valkey

pytestmark = pytest.mark.anyio

Ask = Callable[[], Awaitable[str]]
DEAD = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, redis.exceptions.ConnectionError)
A_WHILE_S = 0.1  # a real answer takes a few milliseconds


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=[Postgres, Valkey])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with request.param(tmp_path_factory.mktemp("store") / "store") as server:
        yield server


@dataclass(frozen=True)
class Tls:
    """A proxy's TLS context, and the CA that its clients trust; None for plain TCP."""

    server: ssl.SSLContext | None = None
    ca: Path | None = None


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, tmp_path: Path) -> Tls:
    return made(tmp_path) if request.param == "tls" else Tls()


def made(tmp_path: Path) -> Tls:
    now = datetime.now(UTC)
    authority = make_ca("test", now)
    (tmp_path / "server.pem").write_bytes(issue_server(authority, now).pem)
    (tmp_path / "ca.pem").write_bytes(authority.certificate_pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "server.pem")
    return Tls(server, tmp_path / "ca.pem")


@pytest.fixture
async def proxy(store: Server, tls: Tls) -> AsyncIterator[Proxy]:
    proxy = Proxy(store.port, tls=tls.server, postgres=isinstance(store, Postgres))
    async with serving(proxy):
        yield proxy


@pytest.fixture
def client(store: Server, proxy: Proxy, tls: Tls) -> "Client":
    return Client(store, proxy.port, tls.ca)


async def test_it_forwards_requests_and_answers(client: "Client") -> None:
    async with client.connected() as ask, client.connected() as ask_too:
        assert [await ask(), await ask_too()] == ["answer", "answer"]


async def test_refuse_closes_open_connections_and_refuses_new_ones(
    client: "Client", proxy: Proxy
) -> None:
    async with client.connected() as ask:
        await proxy.switch(Mode.REFUSE)

        with pytest.raises(DEAD):
            await ask()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)


async def test_cut_closes_open_and_new_connections(client: "Client", proxy: Proxy) -> None:
    async with client.connected() as ask:
        await proxy.switch(Mode.CUT)

        with pytest.raises(DEAD):
            await ask()
    async with await anyio.connect_tcp("127.0.0.1", proxy.port) as connection:
        with pytest.raises(anyio.EndOfStream):
            await connection.receive()


async def test_hang_accepts_connections_and_never_answers(client: "Client", proxy: Proxy) -> None:
    async with client.connected() as ask:
        await proxy.switch(Mode.HANG)

        assert not await answered(ask)
        assert not await answered(client.ask)
        async with await anyio.connect_tcp("127.0.0.1", proxy.port):
            pass


async def test_a_hung_request_is_answered_once_the_proxy_passes_again(
    client: "Client", proxy: Proxy
) -> None:
    answers: list[str] = []

    async def note() -> None:
        answers.append(await client.ask())

    await proxy.switch(Mode.HANG)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(note)
        assert not await answered(client.ask)
        await proxy.switch(Mode.PASS)

    assert answers == ["answer"]


async def test_slow_answers_come_late(client: "Client", proxy: Proxy) -> None:
    async with client.connected() as ask:
        await proxy.switch(Mode.SLOW, latency_s=60)
        assert not await answered(ask)

    await proxy.switch(Mode.SLOW, latency_s=0.01)
    assert await client.ask() == "answer"


@pytest.mark.parametrize("mode", [Mode.REFUSE, Mode.CUT, Mode.HANG, Mode.SLOW])
async def test_after_a_fault_the_store_answers_again(
    client: "Client", proxy: Proxy, mode: Mode
) -> None:
    await proxy.switch(mode)
    await proxy.switch(Mode.PASS)

    assert await client.ask() == "answer"


async def test_a_server_that_is_down_ends_the_connection() -> None:
    proxy = Proxy(free_port())

    async with serving(proxy), await anyio.connect_tcp("127.0.0.1", proxy.port) as connection:
        with pytest.raises(anyio.EndOfStream):
            await connection.receive()


async def test_plain_postgres_is_refused_by_a_proxy_with_tls(tmp_path: Path) -> None:
    start_up = struct.pack("!ii", 8, 3 << 16)  # protocol 3.0, without requesting TLS
    proxy = Proxy(free_port(), tls=made(tmp_path).server, postgres=True)

    async with serving(proxy), await anyio.connect_tcp("127.0.0.1", proxy.port) as connection:
        await connection.send(start_up)
        with pytest.raises(anyio.EndOfStream):
            await connection.receive()


async def answered(ask: Ask) -> bool:
    with anyio.move_on_after(A_WHILE_S):
        await ask()
        return True
    return False


class Client:
    """Open connections to a store through a proxy."""

    def __init__(self, store: Server, port: int, ca: Path | None) -> None:
        self.store, self.port, self.ca = store, port, ca

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Ask]:
        opened = self._postgres() if isinstance(self.store, Postgres) else self._valkey()
        async with opened as ask:
            yield ask

    async def ask(self) -> str:
        async with self.connected() as ask:
            return await ask()

    @asynccontextmanager
    async def _postgres(self) -> AsyncIterator[Ask]:
        settings = self.store.environment
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=self.port,
            user=settings["PGUSER"],
            password=settings["PGPASSWORD"],
            database=settings["PGDATABASE"],
            ssl=ssl.create_default_context(cafile=self.ca) if self.ca else False,
        )

        async def ask() -> str:
            return str(await connection.fetchval("SELECT 'answer'"))

        try:
            yield ask
        finally:
            connection.terminate()

    @asynccontextmanager
    async def _valkey(self) -> AsyncIterator[Ask]:
        async with redis.asyncio.Redis(
            host="127.0.0.1",
            port=self.port,
            password=self.store.environment["VALKEY_PASSWORD"],
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            ssl=self.ca is not None,
            ssl_ca_certs=str(self.ca),
        ) as valkey:

            async def ask() -> str:
                return str(await valkey.echo("answer"))

            await ask()
            yield ask
