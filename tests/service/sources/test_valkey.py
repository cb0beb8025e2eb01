from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from local.valkey import Valkey as Server
from schema.errors import ErrorWord
from schema.heartbeat import REPORT_MAX, Heartbeat
from schema.timestamps import to_text, utc_now
from service.errors import SourceError
from service.sources import valkey as module
from service.sources.valkey.errors import translate
from service.sources.valkey.settings import ValkeyDetails
from service.sources.valkey.store import PROBE_EXPIRY_S, Valkey, client
from tests.service.configured import settings_of

pytestmark = pytest.mark.anyio


def connect(environ: dict[str, str]) -> Valkey:
    return Valkey(client(settings_of(environ, module.KIND)), "worker")


@pytest.fixture
async def source(keys: dict[str, str]) -> AsyncIterator[Valkey]:
    connected = connect(keys)
    yield connected
    await connected.close()


def beat(timestamp: datetime | None = None) -> Heartbeat:
    return Heartbeat(name="worker", timestamp=timestamp or utc_now())


async def refused(source: Valkey) -> ErrorWord:
    with pytest.raises(SourceError) as error:
        await source.write(beat())
    return error.value.word


async def test_the_key_contains_the_plain_stamp_like_the_older_apps(source: Valkey) -> None:
    heartbeat = beat()

    await source.write(heartbeat)

    assert await source.client.get("worker:last_update") == to_text(heartbeat.timestamp)


async def test_an_oversized_report_is_not_read_whole(
    source: Valkey,
) -> None:
    await source.client.set("worker:report", "x" * 5_000_000)
    before = (await source.client.info("stats"))["total_net_output_bytes"]

    found = await source.read()

    read = (await source.client.info("stats"))["total_net_output_bytes"] - before
    assert REPORT_MAX < read < 2 * REPORT_MAX
    assert found.report is None


async def test_reading_pings_and_writes_a_key_that_expires(
    source: Valkey,
) -> None:
    found = await source.read()

    assert (found.details, found.error) == (ValkeyDetails(ping_ok=True, set_get_ok=True), None)
    [probe] = [key async for key in source.client.scan_iter("worker:probe:*")]
    assert 0 < await source.client.ttl(probe) <= PROBE_EXPIRY_S


@pytest.mark.parametrize("stored", ["soon", "", "2026-11-24", "9999"])
async def test_an_invalid_stamp_is_reported_and_overwritten(source: Valkey, stored: str) -> None:
    await source.client.set("worker:last_update", stored)

    found = await source.read()
    assert (found.stamp, found.error) == (None, ErrorWord.INVALID_DATA)
    heartbeat = beat()
    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


async def test_a_stamp_in_the_future_is_overwritten(source: Valkey) -> None:
    await source.client.set("worker:last_update", to_text(utc_now() + timedelta(hours=1)))
    heartbeat = beat()

    await source.write(heartbeat)

    assert (await source.read()).stamp == heartbeat.timestamp


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_clock_that_differs_from_the_servers_is_refused_and_writes_nothing(
    source: Valkey, minutes: int
) -> None:
    heartbeat = beat()
    await source.write(heartbeat)
    wrong = utc_now() + timedelta(minutes=minutes)
    other = Valkey(source.client, "worker", now=lambda: wrong)

    with pytest.raises(SourceError) as error:
        await other.write(beat(wrong))

    assert error.value.word is ErrorWord.CLOCK
    assert (await source.read()).stamp == heartbeat.timestamp


async def test_a_key_of_another_kind_is_invalid_data(source: Valkey) -> None:
    await source.client.lpush("worker:last_update", "x")

    assert await refused(source) is ErrorWord.INVALID_DATA


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"VALKEY_PASSWORD": "wrong"}, ErrorWord.AUTH),
        ({"VALKEY_PASSWORD": ""}, ErrorWord.AUTH),
        ({"VALKEY_HOST": "no-such-host.invalid"}, ErrorWord.UNREACHABLE),
        ({"VALKEY_PORT": "1"}, ErrorWord.UNREACHABLE),
    ],
)
async def test_each_refusal_has_its_error_word(
    keys: dict[str, str], change: dict[str, str], word: ErrorWord
) -> None:
    source = connect(keys | change)

    assert await refused(source) is word
    with pytest.raises(SourceError) as error:
        await source.read()
    assert error.value.word is word

    await source.close()


async def test_a_full_server_is_full_and_its_stamp_is_still_read(source: Valkey) -> None:
    await source.write(beat())
    await source.client.config_set("maxmemory", "1")
    try:
        assert await refused(source) is ErrorWord.FULL
        found = await source.read()
    finally:
        await source.client.config_set("maxmemory", "0")

    assert found.error is ErrorWord.FULL
    assert found.details == ValkeyDetails(ping_ok=True, set_get_ok=False)
    assert found.stamp is not None


async def is_saved(source: Valkey) -> bool:
    """Tell whether the last snapshot was saved."""
    return bool((await source.client.info("persistence"))["rdb_last_bgsave_status"] == "ok")


async def test_a_server_that_cannot_save_to_its_disk_is_full(source: Valkey) -> None:
    await source.write(beat())
    found = await source.client.config_get("dir", "dbfilename", "save")
    snapshot = Path(str(found["dir"])) / str(found["dbfilename"])
    snapshot.unlink(missing_ok=True)
    (snapshot / "in the way").mkdir(parents=True)  # so that saving fails for root as well
    await source.client.config_set("save", "3600 1")
    try:
        await source.client.bgsave()
        while await is_saved(source):  # noqa: ASYNC110 - no event announces what a server does
            await anyio.sleep(0.02)
        assert await refused(source) is ErrorWord.FULL
        seen = await source.read()
    finally:
        (snapshot / "in the way").rmdir()
        snapshot.rmdir()
        await source.client.config_set("save", str(found["save"]))
        await source.client.save()

    assert (seen.error, seen.stamp is not None) == (ErrorWord.FULL, True)
    assert await source.write(beat()) is None


async def test_too_many_clients_are_throttled(source: Valkey, keys: dict[str, str]) -> None:
    await source.write(beat())
    before = (await source.client.config_get("maxclients"))["maxclients"]
    await source.client.config_set("maxclients", 1)
    other = connect(keys)
    try:
        assert await refused(other) is ErrorWord.THROTTLED
    finally:
        await source.client.config_set("maxclients", str(before))
        await other.close()


async def test_a_replica_is_read_only(source: Valkey) -> None:
    await source.client.replicaof("127.0.0.1", "1")
    try:
        assert await refused(source) is ErrorWord.READ_ONLY
        found = await source.read()
    finally:
        await source.client.replicaof("NO", "ONE")

    assert (found.error, found.reachable) == (ErrorWord.READ_ONLY, True)


async def test_a_user_without_the_right_is_permission(source: Valkey, keys: dict[str, str]) -> None:
    await source.client.acl_setuser(
        "default", enabled=True, keys=["other:*"], reset_keys=True, commands=["+@all"]
    )
    try:
        assert await refused(source) is ErrorWord.PERMISSION
        with pytest.raises(SourceError) as error:
            await source.read()
    finally:
        await source.client.acl_setuser("default", enabled=True, keys=["*"], commands=["+@all"])

    assert error.value.word is ErrorWord.PERMISSION
    assert keys["VALKEY_PASSWORD"] not in repr(error.value)


async def test_a_stopped_server_is_unreachable_and_heals_by_itself(
    source: Valkey, valkey: Server
) -> None:
    await source.write(beat())
    valkey.stop()
    try:
        assert await refused(source) is ErrorWord.UNREACHABLE
    finally:
        valkey.start()

    assert await source.write(beat()) is None


def test_an_unknown_error_is_failed_and_its_text_is_not_shown() -> None:
    error = translate(ResponseError("what is this? hunter2"))

    assert (error.word, error.detail) == (ErrorWord.FAILED, "ResponseError")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request", None])
async def test_silence_after_a_tls_handshake_is_a_timeout_unless_redis_answers_in_plain_text(
    answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            if answer is None:
                await anyio.sleep_forever()
            elif answer:
                await stream.send(answer)

    wait_s = 0.01 if answer is None else 60.0
    monkeypatch.setattr("service.sources.valkey.store.PLAIN_TEXT_WAIT_S", wait_s)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    source = connect({"VALKEY_HOST": "127.0.0.1", "VALKEY_PORT": str(port)})
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)

        assert (await source._translate(RedisTimeout())).word is ErrorWord.TIMEOUT
        tasks.cancel_scope.cancel()


async def test_a_silent_server_delays_neither_the_deadline_nor_closing(
    source: Valkey, valkey: Server
) -> None:
    await source.write(beat())
    valkey.pause()
    try:
        with anyio.move_on_after(0.2) as scope:
            await source.write(beat())
        assert scope.cancelled_caught
        with anyio.fail_after(60):
            await source.close()
    finally:
        valkey.resume()
