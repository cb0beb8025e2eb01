"""Each word of Valkey, sent by a real server through the real client."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
import redis.asyncio
from redis.exceptions import RedisError, ResponseError

from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.errors import SourceError
from service.sources.valkey.errors import translate
from tests.service.sources.cluster import ask, cluster, node
from tests.service.sources.test_valkey import connect

pytestmark = pytest.mark.anyio

TAG = "{worker}"  # keys with the same tag share a slot


@pytest.fixture
def admin(keys: dict[str, str]) -> Iterator[redis.Redis]:
    """The server's administrator; what a test has changed is put back."""
    port, password = int(keys["VALKEY_PORT"]), keys["VALKEY_PASSWORD"]
    with closing(redis.Redis(port=port, password=password, decode_responses=True)) as client:
        yield client
        client.replicaof("NO", "ONE")
        client.config_set("replica-serve-stale-data", "yes", "min-replicas-to-write", "0")
        client.acl_deluser("limited")


async def told(
    keys: dict[str, str], user: str | None = None
) -> tuple[SourceError, ErrorWord | None]:
    """The error of a write, and the word of a reading after it, None if it read."""
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
    """The variables that lead to a server without a password."""
    port = client.connection_pool.connection_kwargs["port"]
    return {"VALKEY_HOST": "127.0.0.1", "VALKEY_PORT": str(port), "VALKEY_SSLMODE": "disable"}


async def test_a_replica_that_lost_its_primary_is_unreachable_and_tried_again(
    keys: dict[str, str], admin: redis.Redis
) -> None:
    admin.config_set("replica-serve-stale-data", "no")
    admin.replicaof("127.0.0.1", "1")

    written, read = await told(keys)

    assert (written.word, written.retryable) == (ErrorWord.UNREACHABLE, True)
    assert read is ErrorWord.UNREACHABLE


async def test_a_primary_that_lacks_replicas_is_read_only(
    keys: dict[str, str], admin: redis.Redis
) -> None:
    admin.config_set("min-replicas-to-write", "1")

    written, read = await told(keys)

    assert (written.word, read) == (ErrorWord.READ_ONLY, ErrorWord.READ_ONLY)


@pytest.mark.parametrize("lacks", ["-time", "-mset", "-evalsha"])
async def test_a_right_that_a_user_lacks_is_permission_inside_the_script_too(
    keys: dict[str, str], admin: redis.Redis, lacks: str
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

    assert error.value.word is ErrorWord.PERMISSION
    await source.close()


async def test_a_server_that_runs_a_script_without_end_is_unreachable_and_tried_again(
    keys: dict[str, str], admin: redis.Redis
) -> None:
    before = str(admin.config_get("lua-time-limit")["lua-time-limit"])
    admin.config_set("lua-time-limit", "1")
    port, password = int(keys["VALKEY_PORT"]), keys["VALKEY_PASSWORD"]
    with closing(redis.Redis(port=port, password=password, socket_timeout=60)) as other:
        endless = threading.Thread(target=_run_without_end, args=(other,))
        endless.start()
        try:
            while not _is_busy(admin):
                pass  # each look is a round trip
            written, read = await told(keys)
        finally:
            admin.script_kill()
            endless.join()
            admin.config_set("lua-time-limit", before)

    assert (written.word, written.retryable) == (ErrorWord.UNREACHABLE, True)
    assert read is ErrorWord.UNREACHABLE


def _run_without_end(client: redis.Redis) -> None:
    with pytest.raises(ResponseError):
        client.eval("while true do end", 0)


def _is_busy(client: redis.Redis) -> bool:
    try:
        client.get("anything")
    except ResponseError as error:
        return str(error).startswith("BUSY")
    return False


async def test_a_cluster_without_slots_is_unreachable_and_tried_again(tmp_path: Path) -> None:
    with node(tmp_path, "only") as client, pytest.raises(RedisError) as error:
        client.get("anything")

    found = translate(error.value)
    assert (found.word, found.retryable) == (ErrorWord.UNREACHABLE, True)


async def test_a_cluster_is_told_as_one_and_not_tried_again(tmp_path: Path) -> None:
    with node(tmp_path, "only") as client:
        ask(client, "CLUSTER ADDSLOTSRANGE", 0, 16383)
        while ask(client, "CLUSTER INFO")["cluster_state"] != "ok":
            pass  # each look is a round trip
        written, read = await told(of(client))

    assert (written.word, written.retryable) == (ErrorWord.UNSUPPORTED, False)
    assert written.cause is Cause.CLUSTER
    assert read is None  # one node has all slots, and each key is read by itself


@pytest.fixture
async def tagged(tmp_path: Path, anyio_backend: str) -> AsyncIterator[redis.asyncio.Redis]:  # noqa: ARG001 - of an async fixture
    """The first node of a cluster, which is giving the tag's slot to the second."""
    with node(tmp_path, "asked") as asked:
        slot = ask(asked, "CLUSTER KEYSLOT", TAG)
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
    ("command", "word"),
    [
        (("MGET", f"{TAG}:1", f"{TAG}:2"), ErrorWord.UNREACHABLE),  # TRYAGAIN
        (("GET", f"{TAG}:2"), ErrorWord.UNSUPPORTED),  # ASK
        (("GET", "elsewhere"), ErrorWord.UNSUPPORTED),  # MOVED
        (("EVAL", "return redis.call('GET', 'elsewhere')", 1, f"{TAG}:1"), ErrorWord.UNSUPPORTED),
    ],
)
async def test_what_a_cluster_answers_has_its_word(
    tagged: redis.asyncio.Redis, command: tuple[str | int, ...], word: ErrorWord
) -> None:
    with pytest.raises(RedisError) as error:
        await tagged.execute_command(*command)  # type: ignore[no-untyped-call] # redis-py's own

    assert translate(error.value).word is word


async def test_a_command_that_the_server_lacks_is_unsupported(
    keys: dict[str, str], admin: redis.Redis
) -> None:
    with pytest.raises(ResponseError) as error:
        ask(admin, "EVALSHA_OF_ANOTHER_NAME", keys["VALKEY_PASSWORD"])

    found = translate(error.value)
    assert (found.word, found.retryable) == (ErrorWord.UNSUPPORTED, False)
    assert keys["VALKEY_PASSWORD"] not in str(found)
