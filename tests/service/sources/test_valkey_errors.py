"""Each error of Valkey, sent by a real server through the real client."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
import redis
import redis.asyncio
from redis.exceptions import RedisError, ResponseError

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.errors import SourceError
from service.sources.valkey.errors import translate
from tests.reality import Fact, reality
from tests.service.sources.cluster import POLL_S, ask, cluster, node
from tests.service.sources.test_valkey import connect

pytestmark = pytest.mark.anyio

SERVER = "Valkey 9.1, by redis-py 8.1"
TAG = "{worker}"  # keys with the same tag share a slot


@pytest.fixture
def admin(keys: dict[str, str]) -> Iterator[redis.Redis]:
    """Return the server's administrator; undo afterwards what a test changed."""
    port, password = int(keys["VALKEY_PORT"]), keys["VALKEY_PASSWORD"]
    with closing(redis.Redis(port=port, password=password, decode_responses=True)) as client:
        yield client
        client.replicaof("NO", "ONE")
        client.config_set("replica-serve-stale-data", "yes", "min-replicas-to-write", "0")
        client.acl_deluser("limited")


def test_the_server_is_the_one_that_the_page_names(admin: redis.Redis) -> None:
    version = admin.info("server")["valkey_version"]

    assert f"Valkey {version.rpartition('.')[0]}, by redis-py {redis.__version__[:3]}" == SERVER


async def errors_of(
    keys: dict[str, str], user: str | None = None
) -> tuple[SourceError, ErrorWord | None]:
    """Return the error of a write, and the error word of a read after it, None without one."""
    source = connect(keys)
    if user is not None:
        source.client.connection_pool.connection_kwargs["username"] = user
    try:
        with pytest.raises(SourceError) as error:
            await source.write(Heartbeat(name="worker", timestamp=utc_now()))
        try:
            found = (await source.read()).error
        except SourceError as refused:
            found = refused.word
    finally:
        await source.close()
    return error.value, found


def of(client: redis.Redis) -> dict[str, str]:
    """Return the variables of a server without a password."""
    port = client.connection_pool.connection_kwargs["port"]
    return {"VALKEY_HOST": "127.0.0.1", "VALKEY_PORT": str(port), "VALKEY_SSLMODE": "disable"}


@reality(
    SERVER,
    "a replica without its primary, `replica-serve-stale-data no`",
    "MASTERDOWN",
    ErrorWord.UNREACHABLE,
)
async def test_a_replica_that_lost_its_primary_is_unreachable_and_retried(
    fact: Fact, keys: dict[str, str], admin: redis.Redis
) -> None:
    admin.config_set("replica-serve-stale-data", "no")
    admin.replicaof("127.0.0.1", "1")

    written, read = await errors_of(keys)

    assert (written.word, written.retryable) == (fact.word, True)
    assert read is fact.word


@reality(
    SERVER,
    "a primary with fewer replicas than `min-replicas-to-write`",
    "NOREPLICAS",
    ErrorWord.READ_ONLY,
)
async def test_a_primary_that_lacks_replicas_is_read_only(
    fact: Fact, keys: dict[str, str], admin: redis.Redis
) -> None:
    admin.config_set("min-replicas-to-write", "1")

    written, read = await errors_of(keys)

    assert (written.word, read) == (fact.word, fact.word)


@pytest.mark.parametrize("lacks", ["-time", "-mset", "-evalsha"])
@reality(SERVER, "a user whose ACL lacks a command of the script", "NOPERM", ErrorWord.PERMISSION)
async def test_a_missing_right_is_permission_also_inside_the_script(
    fact: Fact, keys: dict[str, str], admin: redis.Redis, lacks: str
) -> None:
    password = keys["VALKEY_PASSWORD"]
    commands = ["+@all", lacks]
    admin.acl_setuser(
        "limited", enabled=True, passwords=[f"+{password}"], keys=["*"], commands=commands
    )
    source = connect(keys)
    source.client.connection_pool.connection_kwargs["username"] = "limited"

    with pytest.raises(SourceError) as error:
        await source.write(Heartbeat(name="worker", timestamp=utc_now()))

    assert error.value.word is fact.word
    await source.close()


@reality(SERVER, "another client's script runs for too long", "BUSY", ErrorWord.UNREACHABLE)
async def test_a_server_blocked_by_an_endless_script_is_unreachable_and_retried(
    fact: Fact, keys: dict[str, str], admin: redis.Redis
) -> None:
    before = str(admin.config_get("lua-time-limit")["lua-time-limit"])
    admin.config_set("lua-time-limit", "1")
    port, password = int(keys["VALKEY_PORT"]), keys["VALKEY_PASSWORD"]
    with closing(redis.Redis(port=port, password=password, socket_timeout=60)) as other:
        endless = threading.Thread(target=_run_without_end, args=(other,))
        endless.start()
        try:
            while not _is_busy(admin):  # noqa: ASYNC110 - no event announces what a server does
                await anyio.sleep(POLL_S)
            written, read = await errors_of(keys)
        finally:
            admin.script_kill()
            endless.join()
            admin.config_set("lua-time-limit", before)

    assert (written.word, written.retryable) == (fact.word, True)
    assert read is fact.word


def _run_without_end(client: redis.Redis) -> None:
    with pytest.raises(ResponseError):
        client.eval("while true do end", 0)


def _is_busy(client: redis.Redis) -> bool:
    try:
        client.get("anything")
    except ResponseError as error:
        return str(error).startswith("BUSY")
    return False


def _is_up(client: redis.Redis) -> bool:
    return bool(ask(client, "CLUSTER INFO")["cluster_state"] == "ok")


@reality(SERVER, "a cluster without slots", "CLUSTERDOWN", ErrorWord.UNREACHABLE)
async def test_a_cluster_without_slots_is_unreachable_and_retried(
    fact: Fact, tmp_path: Path
) -> None:
    with node(tmp_path, "only") as client, pytest.raises(RedisError) as error:
        client.get("anything")

    assert str(error.value).startswith("Hash slot not served")  # CLUSTERDOWN's text
    found = translate(error.value)
    assert (found.word, found.retryable) == (fact.word, True)


@reality(SERVER, "a cluster", "CROSSSLOT", ErrorWord.UNSUPPORTED)
async def test_a_cluster_is_reported_as_unsupported_and_not_retried(
    fact: Fact, tmp_path: Path
) -> None:
    with node(tmp_path, "only") as client:
        ask(client, "CLUSTER ADDSLOTSRANGE", 0, 16383)
        while not _is_up(client):  # noqa: ASYNC110 - no event announces what a server does
            await anyio.sleep(POLL_S)
        written, read = await errors_of(of(client))

    assert (written.word, written.retryable) == (fact.word, False)
    assert written.cause is Cause.CLUSTER
    assert read is None  # one node has all slots, and each key is read by itself


@pytest.fixture
async def tagged(tmp_path: Path, anyio_backend: str) -> AsyncIterator[redis.asyncio.Redis]:  # noqa: ARG001 - of an async fixture
    """Yield the first node of a cluster while it migrates the tag's slot to the second."""
    with node(tmp_path, "lone") as lone:
        slot = ask(lone, "CLUSTER KEYSLOT", TAG)
    with cluster(tmp_path, slot) as (first, second):
        first.set(f"{TAG}:1", "there")
        away, home = ask(second, "CLUSTER MYID"), ask(first, "CLUSTER MYID")
        ask(first, "CLUSTER SETSLOT", slot, "MIGRATING", away)
        ask(second, "CLUSTER SETSLOT", slot, "IMPORTING", home)
        client = redis.asyncio.Redis(
            port=first.connection_pool.connection_kwargs["port"], decode_responses=True
        )
        yield client
        await client.aclose()


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            ("MGET", f"{TAG}:1", f"{TAG}:2"),
            marks=reality(
                SERVER, "a cluster that moves the keys' slot", "TRYAGAIN", ErrorWord.UNREACHABLE
            ),
        ),
        pytest.param(
            ("GET", f"{TAG}:2"),
            marks=reality(SERVER, "a cluster that has moved the key", "ASK", ErrorWord.UNSUPPORTED),
        ),
        pytest.param(
            ("GET", "elsewhere"),
            marks=reality(
                SERVER, "a cluster, and a key of another node", "MOVED", ErrorWord.UNSUPPORTED
            ),
        ),
        pytest.param(
            ("EVAL", "return redis.call('GET', 'elsewhere')", 1, f"{TAG}:1"),
            marks=reality(
                SERVER,
                "a cluster, and a script that reads another node's key",
                "an error of the script",
                ErrorWord.UNSUPPORTED,
            ),
        ),
    ],
)
async def test_each_answer_of_a_cluster_has_its_error_word(
    fact: Fact, tagged: redis.asyncio.Redis, command: tuple[str | int, ...]
) -> None:
    with pytest.raises(RedisError) as error:
        await tagged.execute_command(*command)  # type: ignore[no-untyped-call] # redis-py's own

    assert translate(error.value).word is fact.word


@reality(SERVER, "a command that the server lacks", "ERR unknown command", ErrorWord.UNSUPPORTED)
async def test_a_command_that_the_server_lacks_is_unsupported(
    fact: Fact, keys: dict[str, str], admin: redis.Redis
) -> None:
    with pytest.raises(ResponseError) as error:
        ask(admin, "EVALSHA_OF_ANOTHER_NAME", keys["VALKEY_PASSWORD"])

    found = translate(error.value)
    assert (found.word, found.retryable) == (fact.word, False)
    assert keys["VALKEY_PASSWORD"] not in str(found)
