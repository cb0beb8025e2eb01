from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest

from service.verdict.coalesced import Coalesced

pytestmark = pytest.mark.anyio


async def test_all_who_ask_in_one_turn_get_one_answer() -> None:
    numbers = iter(range(10))
    turn = Coalesced(lambda: next(numbers))
    answers: list[int] = []

    async def ask() -> None:
        answers.append(turn.get())

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)

    assert answers == [0] * 5


async def test_who_asks_in_a_later_turn_gets_a_new_answer() -> None:
    numbers = iter(range(10))
    turn = Coalesced(lambda: next(numbers))

    first = turn.get()
    await anyio.lowlevel.checkpoint()

    assert [first, turn.get()] == [0, 1]


async def test_who_was_woken_by_what_is_new_gets_an_answer_that_knows_it() -> None:
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


async def test_what_goes_wrong_is_told_to_who_asked_and_to_nobody_after() -> None:
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
