from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest

from service.verdict.coalesced import Coalesced

pytestmark = pytest.mark.anyio


async def test_requests_of_one_turn_share_an_answer() -> None:
    numbers = iter(range(10))
    turn = Coalesced(lambda: next(numbers))
    answers: list[int] = []

    async def request() -> None:
        answers.append(turn.get())

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(request)

    assert answers == [0] * 5


async def test_a_request_of_a_later_turn_gets_a_new_answer() -> None:
    numbers = iter(range(10))
    turn = Coalesced(lambda: next(numbers))

    first = turn.get()
    await anyio.lowlevel.checkpoint()

    assert [first, turn.get()] == [0, 1]


async def test_no_answer_is_older_than_its_request() -> None:
    known, news = ["old"], anyio.Event()
    turn = Coalesced(lambda: known[-1])
    answers: list[str] = []

    async def wait_for_news() -> None:
        await news.wait()
        answers.append(turn.get())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait_for_news)
        await anyio.wait_all_tasks_blocked()
        assert turn.get() == "old"
        known.append("new")
        news.set()

    assert answers == ["new"]


async def test_an_exception_reaches_its_requests_and_is_not_cached() -> None:
    results: Iterator[Exception | str] = iter([ZeroDivisionError("once"), "well"])

    def make() -> str:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    turn = Coalesced(make)

    with pytest.raises(ZeroDivisionError):
        turn.get()
    assert turn.get() == "well"
