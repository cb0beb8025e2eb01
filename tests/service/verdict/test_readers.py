from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup

from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.errors import SourceError
from service.verdict.readers import UNASKED_S, LastReading, Reader, Readers
from tests.fakes import MemorySource, failing

pytestmark = pytest.mark.anyio

LONG_S = 600.0


def reader(
    tasks: TaskGroup, source: MemorySource, lifetime_s: float = LONG_S, deadline_s: float = LONG_S
) -> Reader:
    return Reader("source", source.connected, lifetime_s, deadline_s, tasks.start_soon)


async def test_two_hundred_requests_read_a_store_once() -> None:
    source = MemorySource()
    source.stored = Heartbeat(name="worker", timestamp=utc_now(), interval_seconds=3600)
    async with anyio.create_task_group() as tasks:
        shared = reader(tasks, source)
        found: list[LastReading | None] = []

        async def request() -> None:
            found.append(await shared.get())

        async with anyio.create_task_group() as requests:
            for _ in range(200):
                requests.start_soon(request)

    assert source.reads == 1
    assert {each.found.stamp for each in found if each} == {source.stored.timestamp}
    assert len(found) == 200


async def test_within_its_lifetime_a_reading_is_shared() -> None:
    source = MemorySource()
    async with anyio.create_task_group() as tasks:
        shared = reader(tasks, source)
        first = await shared.get()

        assert await shared.get() is first
    assert source.reads == 1


async def test_an_expired_reading_is_returned_while_a_new_one_runs() -> None:
    source = MemorySource()
    async with anyio.create_task_group() as tasks:
        shared = reader(tasks, source, lifetime_s=0.0)
        first = await shared.get()
        release = anyio.Event()
        source.before = release.wait

        assert await shared.get() is first
        assert await shared.get() is first

        release.set()
    assert source.reads == 2


async def test_the_first_request_after_a_pause_waits_for_a_new_reading() -> None:
    source = MemorySource()
    async with anyio.create_task_group() as tasks:
        shared = reader(tasks, source)
        first = await shared.get()
        shared.expires -= LONG_S + UNASKED_S

        second = await shared.get(LONG_S)

    assert second is not first
    assert source.reads == 2


async def test_only_the_first_requests_wait_for_a_hung_store_and_only_so_long() -> None:
    source, release = MemorySource(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        shared = reader(tasks, source)
        first = await shared.get()
        source.before = release.wait
        shared.expires -= LONG_S + UNASKED_S

        assert first is not None
        old = replace(first, outdated=True)
        assert await shared.get(wait_s=0.01) == old
        assert await shared.get(wait_s=0.01) == old  # its time to wait is over: at once

        release.set()
    assert source.reads == 2


async def test_a_hung_store_is_unreachable_and_delays_only_the_first_request() -> None:
    hung, well = MemorySource(), MemorySource()
    hung.before = anyio.sleep_forever
    async with anyio.create_task_group() as tasks:
        readers = Readers(
            {
                "hung": Reader("hung", hung.connected, LONG_S, 0.01, tasks.start_soon),
                "well": Reader("well", well.connected, LONG_S, LONG_S, tasks.start_soon),
            }
        )

        found = await readers.get()

    lost, there = found["hung"], found["well"]
    assert lost is not None
    assert there is not None
    assert (lost.found.reachable, lost.found.error) == (False, ErrorWord.TIMEOUT)
    assert there.found.reachable


async def test_without_a_reading_in_time_there_is_no_row() -> None:
    hung = MemorySource()
    hung.before = anyio.sleep_forever
    async with anyio.create_task_group() as tasks:
        shared = reader(tasks, hung)

        assert await shared.get(wait_s=0.01) is None

        tasks.cancel_scope.cancel()


async def test_a_failed_reading_has_its_word_and_the_time_of_the_first_failure() -> None:
    source = MemorySource(failures=failing(ErrorWord.AUTH, times=2))
    async with anyio.create_task_group() as tasks:
        shared = reader(tasks, source, lifetime_s=0.0)
        first = await shared.get(LONG_S)
        await _next(shared)
        second = await shared.get()
        await _next(shared)
        healed = await shared.get()

    assert first is not None
    assert second is not None
    assert healed is not None
    assert (first.found.error, first.found.reachable) == (ErrorWord.AUTH, False)
    assert second.failing_since == first.failing_since is not None
    assert (healed.found.reachable, healed.failing_since) == (True, None)


@pytest.mark.parametrize(
    ("word", "reads"), [(ErrorWord.UNREACHABLE, 2), (ErrorWord.AUTH, 1), (ErrorWord.TIMEOUT, 1)]
)
async def test_a_reading_on_a_lost_connection_is_repeated_once(word: ErrorWord, reads: int) -> None:
    source = MemorySource(failures=failing(word, times=1))
    async with anyio.create_task_group() as tasks:
        look = await reader(tasks, source).get(LONG_S)

    assert look is not None
    assert (source.reads, look.found.reachable) == (reads, reads == 2)


async def test_a_store_that_is_unreachable_twice_is_not_read_a_third_time() -> None:
    source = MemorySource(failures=failing(ErrorWord.UNREACHABLE, times=3))
    async with anyio.create_task_group() as tasks:
        look = await reader(tasks, source).get(LONG_S)

    assert look is not None
    assert (source.reads, look.found.error) == (2, ErrorWord.UNREACHABLE)


async def test_a_defect_removes_no_row() -> None:
    source = MemorySource(failures=[ZeroDivisionError()])
    async with anyio.create_task_group() as tasks:
        found = await reader(tasks, source).get()

    assert found is not None
    assert found.found.error is ErrorWord.FAILED


async def test_a_source_without_a_reader_is_left_out() -> None:
    assert await Readers({}).get("nothing") == {}


async def _next(shared: Reader) -> None:
    """Wait until the next reading has ended."""
    reads = shared.reads
    await shared.get()
    while shared.reads == reads:
        await anyio.lowlevel.checkpoint()


async def test_the_deadline_of_a_reading_excludes_connecting() -> None:
    source, connecting = MemorySource(), anyio.Event()

    async def connected() -> MemorySource:
        await connecting.wait()
        return source

    async with anyio.create_task_group() as tasks:
        shared = Reader("source", connected, LONG_S, 0.0, tasks.start_soon)
        assert await shared.get(wait_s=0.01) is None

        source.before = anyio.lowlevel.cancel_shielded_checkpoint
        connecting.set()
    last = shared.last
    assert last is not None
    assert last.found.reachable


async def test_a_source_that_cannot_be_connected_is_a_failed_reading() -> None:
    async def connected() -> MemorySource:
        raise ImportError

    async with anyio.create_task_group() as tasks:
        found = await Reader("source", connected, LONG_S, LONG_S, tasks.start_soon).get()

    assert found is not None
    assert (found.found.reachable, found.found.error) == (False, ErrorWord.FAILED)


async def test_the_last_reading_is_kept_while_the_store_cannot_be_read() -> None:
    async def fail() -> None:
        raise SourceError(ErrorWord.TIMEOUT)

    source = MemorySource()
    source.stored = Heartbeat(name="worker", timestamp=utc_now(), interval_seconds=3600)
    async with anyio.create_task_group() as tasks:
        shared = reader(tasks, source, lifetime_s=0.0)
        read = await shared.get()
        source.before, shared.expires = fail, 0.0
        lost = await shared.get()

    assert read is not None
    assert lost is not None
    assert not lost.found.reachable
    assert lost.last_stamp == source.stored.timestamp
    assert lost.last_answer == read.at
