import threading

import anyio
import anyio.lowlevel
import pytest

from schema.errors import ErrorWord
from service.aws.lane import Lane
from service.errors import SourceError

pytestmark = pytest.mark.anyio


async def test_a_call_returns_its_result() -> None:
    assert await Lane().run(lambda: 7) == 7


async def test_calls_run_one_after_the_other() -> None:
    lane, running, together = Lane(), [], []

    def call() -> None:
        running.append(1)
        together.append(len(running))
        running.pop()

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(lane.run, call)

    assert together == [1] * 20


async def test_an_abandoned_call_continues_and_the_next_is_refused_until_it_ends() -> None:
    lane, entered, release = Lane(), threading.Event(), threading.Event()
    landed: list[str] = []

    def hang() -> None:
        entered.set()
        release.wait()
        landed.append("late")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lane.run, hang)
        await anyio.to_thread.run_sync(entered.wait)
        tasks.cancel_scope.cancel()

    assert lane.busy
    with pytest.raises(SourceError) as refused:
        await lane.run(lambda: None)
    assert refused.value.word is ErrorWord.TIMEOUT

    release.set()
    while lane.busy:
        await anyio.lowlevel.checkpoint()
    assert landed == ["late"]
    assert await lane.run(lambda: "again") == "again"


async def test_a_call_abandoned_before_it_started_still_occupies_the_lane() -> None:
    lane, refused = Lane(), list[ErrorWord]()

    async def call() -> None:
        try:
            await lane.run(lambda: None)
        except SourceError as error:
            refused.append(error.word)

    async with anyio.create_task_group() as tasks, lane._limiter:  # there is no thread for it yet
        tasks.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        assert lane._gate.acquire(blocking=False)  # as the late one does when its thread runs

    assert refused == [ErrorWord.TIMEOUT]
    lane._gate.release()
    assert await lane.run(lambda: 7) == 7


async def test_an_error_of_the_call_is_raised_and_frees_the_lane() -> None:
    lane = Lane()

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await lane.run(fail)
    assert not lane.busy
