"""One contract for leases in the real PostgreSQL and Valkey."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import anyio
import pytest

from service.connections import close, connect
from service.lease.database import DatabaseLease
from service.lease.keys import ValkeyLease
from service.lease.standing import Answer
from service.lease.task import LeaseTask
from service.lease.terms import Terms
from service.settings import load
from tests.service.lease import stores

pytestmark = pytest.mark.anyio

POLL_S = 0.02
LONG, SHORT = Terms.of(60.0), Terms(lease_s=0.5, renew_s=0.03, poll_s=0.01, ask_s=0.1)

AnyLease = DatabaseLease | ValkeyLease | stores.MemoryLease


@dataclass
class Leases:
    """Access to one lease.

    Attributes:
        way: Returns the connection of a process, by its name and the lease's duration.
    """

    way: Callable[[str, Terms], AnyLease]


@pytest.fixture(params=["postgres", "valkey", "memory"])
async def leases(
    request: pytest.FixtureRequest, database: dict[str, str], keys: dict[str, str]
) -> AsyncIterator[Leases]:
    sources = connect(load({**database, **keys}))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(close, sources)
        rows, entries = sources["postgres"].database, sources["valkey"].keys
        assert rows is not None
        assert entries is not None
        await rows.migrate()
        kept = stores.Store()

        def way(name: str, terms: Terms) -> AnyLease:
            task = LeaseTask("worker", "worker:stores", name, terms)
            ways: dict[str, AnyLease] = {
                "postgres": DatabaseLease(rows, task),
                "valkey": ValkeyLease(entries, task),
                "memory": stores.MemoryLease(kept, task),
            }
            return ways[request.param]

        yield Leases(way)


async def claim(way: AnyLease, known: int = 0) -> Answer:
    """Claim as a process that holds no other lease."""
    return await (
        way.claim(known, overrides=False) if isinstance(way, ValkeyLease) else way.claim(known)
    )


async def test_one_of_two_holds_the_lease_and_the_other_learns_how_long(leases: Leases) -> None:
    one, two = leases.way("one", LONG), leases.way("two", LONG)
    first, second = await claim(one), await claim(two)

    assert (first.leads, first.token, first.holder) == (True, 1, "one")
    assert (second.leads, second.token, second.holder) == (False, 1, "one")
    assert 0 < second.left_s <= LONG.lease_s
    assert (await claim(one)).token == 1


async def test_another_takes_an_ended_lease_with_a_greater_token(leases: Leases) -> None:
    one, two = leases.way("one", SHORT), leases.way("two", LONG)
    await claim(one)
    taken = await claim(two)
    while not taken.leads:
        await anyio.sleep(POLL_S)
        taken = await claim(two)

    assert taken.token == 2
    late = await claim(one)
    assert (late.leads, late.holder, late.token) == (False, "two", 2)


async def test_taking_ones_own_ended_lease_again_keeps_the_token(leases: Leases) -> None:
    """A single worker must not appear as another one, whose writes would be refused."""
    one, two = leases.way("one", LONG), leases.way("two", LONG)
    await claim(one)
    await one.release()  # as if its time were over
    assert (await claim(one)).token == 1
    await one.release()
    assert (await claim(two)).token == 2
    await two.release()
    assert (await claim(one)).token == 3


async def test_only_the_holder_can_release_a_lease_which_is_free_immediately(
    leases: Leases,
) -> None:
    one, two = leases.way("one", LONG), leases.way("two", LONG)
    await claim(one)
    await two.release()
    assert not (await claim(two)).leads

    await one.release()
    taken = await claim(two)

    assert (taken.leads, taken.token) == (True, 2)


async def test_a_token_is_greater_than_every_known_token(
    leases: Leases,
) -> None:
    one, two = leases.way("one", LONG), leases.way("two", LONG)
    await claim(one)
    assert (await claim(one, known=7)).token == 7
    await one.release()

    assert (await claim(two, known=3)).token == 8


async def test_standbys_are_listed_until_they_lead_or_leave(leases: Leases) -> None:
    one, two, three = (leases.way(name, LONG) for name in ("one", "two", "three"))
    await claim(one)
    await two.stand_by()
    await three.stand_by()
    await three.stand_by()
    assert (await claim(one)).standbys == ("three", "two")

    for each in (two, three):
        await (each.release() if isinstance(each, ValkeyLease) else each.leave())
    assert (await claim(one)).standbys == ()


async def test_a_standby_that_disappeared_is_no_longer_listed(leases: Leases) -> None:
    one, two = leases.way("one", LONG), leases.way("two", SHORT)
    await two.stand_by()
    while (await claim(one)).standbys != ("two",):  # on a busy machine it may have ended by now
        await two.stand_by()
    while (await claim(one)).standbys:  # noqa: ASYNC110 - no event announces what a server does
        await anyio.sleep(POLL_S)


async def test_only_one_of_several_simultaneous_claims_succeeds(leases: Leases) -> None:
    found: list[bool] = []

    async def claims(name: str) -> None:
        found.append((await claim(leases.way(name, LONG))).leads)

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(claims, str(number))

    assert found.count(True) == 1


async def test_looking_does_not_take_the_lease(database: dict[str, str]) -> None:
    sources = connect(load(database))
    rows = sources["postgres"].database
    assert rows is not None
    await rows.migrate()
    one, two = (DatabaseLease(rows, LeaseTask("w", "x", name, LONG)) for name in ("one", "two"))
    assert (await one.look()).holder is None
    await two.claim(0)

    seen = await one.look()

    assert (seen.leads, seen.holder, seen.token) == (False, "two", 1)
    await close(sources)


async def test_the_holder_of_postgresqls_lease_takes_valkeys(keys: dict[str, str]) -> None:
    sources = connect(load(keys))
    entries = sources["valkey"].keys
    assert entries is not None
    one, two = (ValkeyLease(entries, LeaseTask("w", "x", name, LONG)) for name in ("one", "two"))
    await one.claim(0, overrides=False)

    taken = await two.claim(5, overrides=True)

    assert (taken.leads, taken.token) == (True, 5)
    assert not (await one.claim(0, overrides=False)).leads
    await close(sources)
