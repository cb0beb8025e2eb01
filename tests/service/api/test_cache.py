import anyio
import pytest

from service.api.cache import Cache

pytestmark = pytest.mark.anyio

LONG_S = 600.0


class Maker:
    """Makes a new answer at each call, once the test allows it."""

    def __init__(self) -> None:
        self.made = 0
        self.let = anyio.Event()

    async def __call__(self) -> int:
        self.made += 1
        await self.let.wait()
        return self.made


async def test_two_hundred_concurrent_requests_share_one_answer() -> None:
    cache: Cache[int] = Cache(LONG_S, 10)
    make = Maker()
    got: list[int] = []

    async def request() -> None:
        got.append(await cache.get("key", make))

    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(request)
        await anyio.wait_all_tasks_blocked()
        make.let.set()

    assert (got, make.made) == ([1] * 200, 1)


async def test_an_answer_is_cached_for_its_lifetime() -> None:
    make = Maker()
    make.let.set()
    for_long: Cache[int] = Cache(LONG_S, 10)
    for_no_time: Cache[int] = Cache(0.0, 10)

    assert [await for_long.get("key", make) for _ in range(3)] == [1, 1, 1]
    assert [await for_no_time.get("key", make) for _ in range(3)] == [2, 3, 4]


async def test_different_keys_do_not_wait_for_each_other() -> None:
    cache: Cache[int] = Cache(LONG_S, 10)
    stuck, quick = Maker(), Maker()
    quick.let.set()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cache.get, "stuck", stuck)
        await anyio.wait_all_tasks_blocked()

        assert await cache.get("quick", quick) == 1
        stuck.let.set()


async def test_a_failure_is_not_cached() -> None:
    cache: Cache[int] = Cache(LONG_S, 10)

    async def fail() -> int:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - it is the one raised above
        await cache.get("key", fail)
    make = Maker()
    make.let.set()

    assert await cache.get("key", make) == 1


async def test_a_cancelled_request_does_not_cancel_the_others() -> None:
    cache: Cache[int] = Cache(LONG_S, 10)
    make = Maker()
    async with anyio.create_task_group() as leaving:
        leaving.start_soon(cache.get, "key", make)
        await anyio.wait_all_tasks_blocked()
        leaving.cancel_scope.cancel()
    make.let.set()

    assert await cache.get("key", make) == 2


async def test_beyond_its_limit_the_oldest_key_is_removed() -> None:
    cache: Cache[int] = Cache(LONG_S, 2)
    make = Maker()
    make.let.set()
    for key in ("a", "b", "c"):
        await cache.get(key, make)

    assert await cache.get("c", make) == 3
    assert await cache.get("a", make) == 4
