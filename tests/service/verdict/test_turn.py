from collections.abc import Iterator

import anyio
import pytest

from service.verdict.turn import Turn

pytestmark = pytest.mark.anyio


async def test_all_who_ask_at_one_moment_get_one_answer_made_after_the_last_has_asked() -> None:
    asked: list[int] = []
    made: list[list[int]] = []

    def make() -> int:
        made.append(list(asked))
        return len(made)

    turn = Turn(make)
    answers: list[int] = []

    async def ask(number: int) -> None:
        asked.append(number)
        answers.append(await turn.get())

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(ask, number)

    assert answers == [1] * 5
    assert made == [[0, 1, 2, 3, 4]]


async def test_who_asks_later_gets_a_new_answer() -> None:
    numbers = iter(range(10))
    turn = Turn(lambda: next(numbers))

    assert [await turn.get(), await turn.get()] == [0, 1]


async def test_who_leaves_takes_the_answer_from_nobody() -> None:
    turn = Turn(lambda: "answer")
    answers: list[str] = []

    async def ask(scope: anyio.CancelScope) -> None:
        with scope:
            answers.append(await turn.get())

    leaves, stays = anyio.CancelScope(), anyio.CancelScope()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, leaves)
        tasks.start_soon(ask, stays)
        tasks.start_soon(_cancel, leaves)

    assert answers == ["answer"]


async def _cancel(scope: anyio.CancelScope) -> None:
    scope.cancel()


async def test_what_goes_wrong_is_told_to_all_who_asked_and_to_nobody_after_them() -> None:
    results: Iterator[Exception | str] = iter([ZeroDivisionError("once"), "well"])

    def make() -> str:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    turn = Turn(make)
    failed = 0

    async def ask() -> None:
        nonlocal failed
        with pytest.raises(ZeroDivisionError):
            await turn.get()
        failed += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        tasks.start_soon(ask)

    assert failed == 2
    assert await turn.get() == "well"
