import threading

import anyio
import pytest

from service.lazy import Lazy

pytestmark = pytest.mark.anyio


async def test_a_value_is_created_once_in_a_thread() -> None:
    threads: list[int] = []

    def make() -> object:
        threads.append(threading.get_ident())
        return object()

    late, found = Lazy(make), []

    async def request() -> None:
        found.append(await late.get())

    assert late.made is None
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(request)

    assert found == [late.made] * 3
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_a_failed_creation_is_repeated() -> None:
    answers: list[OSError | str] = ["made", OSError("no")]

    def make() -> str:
        answer = answers.pop()
        if isinstance(answer, OSError):
            raise answer
        return answer

    late = Lazy(make)

    with pytest.raises(OSError, match="no"):
        await late.get()
    assert await late.get() == "made"
