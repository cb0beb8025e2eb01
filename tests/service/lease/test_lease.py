"""Leadership in simulated time, through outages and any order of events."""

from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.heartbeat import Standing, WorkerReport
from service.errors import SupersededError
from service.lease.terms import RENEW_LEAST_S, Terms
from tests.fakes import NOW
from tests.service.lease.stores import Store, lease
from tests.service.worker.simulated import BACKEND, SimulatedLoop, loop

pytestmark = pytest.mark.anyio

REPORT = WorkerReport(id="one", version="1", started_at=NOW, interval_seconds=60, next_due=NOW)
TERMS = Terms.of(60.0)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return BACKEND


@given(st.floats(0.05, 3600))
def test_a_dead_leaders_lease_ends_and_is_seen_to_end_within_an_interval(interval_s: float) -> None:
    terms = Terms.of(interval_s)

    assert terms.renew_s < terms.lease_s
    if interval_s >= 2 * RENEW_LEAST_S:
        assert terms.lease_s + terms.poll_s < interval_s


@given(st.floats(0.05, 3600))
def test_a_leader_renews_at_most_once_a_second(interval_s: float) -> None:
    assert Terms.of(interval_s).renew_s >= 1.0


async def test_the_first_to_claim_leads_and_the_other_stands_by() -> None:
    database, keys = Store(), Store()
    one, two = lease("one", database, keys), lease("two", database, keys)
    for each in (one, two):
        await each.renew()
    await one.renew()

    assert (one.leads, two.leads) == (True, False)
    report = one.add_to(REPORT)
    assert (report.standing, report.lease_token) == (Standing.DATABASE, 1)
    assert report.standbys == ("two",)
    assert two.add_to(REPORT).standing is Standing.STANDBY
    assert keys.holder == "one"  # for when PostgreSQL goes


async def test_before_the_first_answer_a_process_leads() -> None:
    assert lease("one", Store(), None).leads


async def test_if_no_store_answers_every_process_leads() -> None:
    everybody = {"one", "two"}
    database, keys = Store(unreachable=everybody), Store(unreachable=everybody)
    both = [lease(name, database, keys) for name in everybody]
    for each in both:
        await each.renew()

    assert [each.add_to(REPORT).standing for each in both] == [Standing.ALONE] * 2


async def test_before_the_first_answer_the_report_names_no_standing() -> None:
    one = lease("one", Store(), None)
    before = one.add_to(REPORT).standing
    await one.renew()

    assert before is None
    assert one.add_to(REPORT).standing is Standing.DATABASE


async def test_a_hanging_store_is_not_waited_for() -> None:
    alone = lease("one", Store(unreachable={"one"}, hangs_s=3600.0), None)
    await alone.renew()

    assert anyio.current_time() == pytest.approx(2.0)
    assert alone.leads


async def test_without_answers_the_last_one_is_valid_until_the_lease_ends() -> None:
    database = Store()
    one, two = lease("one", database, None), lease("two", database, None)
    for each in (one, two):
        await each.renew()
    database.unreachable = {"one", "two"}

    loop().seconds += TERMS.lease_s - 1
    await two.renew()
    assert not two.leads
    loop().seconds += 1
    await two.renew()
    assert two.add_to(REPORT).standing is Standing.ALONE


async def test_an_emptied_valkey_grants_no_lease_while_postgresqls_lasts() -> None:
    database, keys = Store(), Store()
    one, two = lease("one", database, keys), lease("two", database, keys)
    for each in (one, two):
        await each.renew()
    database.unreachable = {"one", "two"}
    keys.empty()

    await two.renew()

    assert not two.leads
    assert keys.holder is None


async def test_without_postgresql_valkeys_lease_counts_and_its_end_is_seen_at_once() -> None:
    keys = Store()
    one, two = lease("one", None, keys), lease("two", None, keys)
    for each in (one, two, one):
        await each.renew()
    assert one.add_to(REPORT).standing is Standing.VALKEY
    assert not two.leads
    assert one.add_to(REPORT).standbys == ("two",)

    await one.release()
    await two.renew()

    assert two.add_to(REPORT).standing is Standing.VALKEY


async def test_a_process_without_postgresql_yields_to_one_that_reaches_it() -> None:
    database, keys = Store(), Store()
    one, two = lease("one", database, keys), lease("two", database, keys)
    for each in (one, two):
        await each.renew()
    database.unreachable = {"one"}
    await one.renew()
    assert one.add_to(REPORT).standing is Standing.VALKEY

    loop().seconds += TERMS.lease_s
    await two.renew()
    await one.renew()

    assert two.add_to(REPORT).standing is Standing.DATABASE
    assert not one.leads


async def test_tokens_grow_across_both_stores() -> None:
    database, keys = Store(), Store()
    one, two = lease("one", database, keys), lease("two", database, keys)
    for each in (one, two):
        await each.renew()
    database.unreachable = {"one", "two"}
    loop().seconds += TERMS.lease_s
    await two.renew()
    by_valkey = two.add_to(REPORT)
    database.unreachable = {"two"}
    loop().seconds += TERMS.lease_s
    await one.renew()
    await one.renew()

    assert (by_valkey.standing, by_valkey.lease_token) == (Standing.VALKEY, 2)
    assert one.add_to(REPORT).lease_token >= 2


async def test_a_paused_leader_checks_its_lease_before_it_writes() -> None:
    database = Store()
    one, two = lease("one", database, None), lease("two", database, None)
    for each in (one, two):
        await each.renew()
    assert await one.begin(first=False)
    loop().seconds += TERMS.lease_s
    await two.renew()

    assert one.leads  # it was paused, and knows nothing of that
    assert not await one.begin(first=False)


async def test_a_superseded_process_may_not_write() -> None:
    database = Store()
    one, two = lease("one", database, None), lease("two", database, None)
    for each in (one, two):
        await each.renew()
    await one.begin(first=False)
    await one.check(asking=True)
    loop().seconds += TERMS.lease_s
    await two.renew()

    with pytest.raises(SupersededError):
        await one.check(asking=False)


async def test_a_superseded_process_may_not_write_even_if_the_other_has_ended() -> None:
    database = Store()
    one, two = lease("one", database, None), lease("two", database, None)
    for each in (one, two):
        await each.renew()
    await one.begin(first=False)
    loop().seconds += TERMS.lease_s
    await two.renew()
    await two.release()

    with pytest.raises(SupersededError):
        await one.check(asking=True)
    assert one.leads  # again, and the next cycle writes
    await one.begin(first=False)
    await one.check(asking=True)


async def test_a_write_is_allowed_while_no_store_answers() -> None:
    database = Store(unreachable={"one"}, hangs_s=3600.0)
    one = lease("one", database, None)
    await one.begin(first=False)

    await one.check(asking=True)
    assert anyio.current_time() == pytest.approx(TERMS.ask_s)


async def test_a_first_beat_writes_no_secret_value_while_another_leads() -> None:
    database = Store()
    one, two = lease("one", database, None), lease("two", database, None)
    await one.renew()
    assert await two.begin(first=True)
    await two.renew()

    await two.check(asking=False)
    with pytest.raises(SupersededError):
        await two.check(asking=True)


class Simulation:
    """Two processes and two stores, with random events."""

    def __init__(self) -> None:
        self.database, self.keys = Store(), Store()
        self.processes = {name: lease(name, self.database, self.keys) for name in ("one", "two")}
        self.paused: set[str] = set()

    @property
    def leaders(self) -> list[str]:
        return [n for n, each in self.processes.items() if each.leads and n not in self.paused]

    def happens(self, event: str, name: str) -> None:
        everybody = set(self.processes)
        match event:
            case "cut":
                self.database.unreachable.add(name)
            case "paused":
                self.paused.add(name)
            case "woken":
                self.paused.discard(name)
            case "no database":
                self.database.unreachable = everybody
            case "no valkey":
                self.keys.unreachable = everybody
            case "valkey emptied":
                self.keys.empty()
            case "all is well":
                self.database.unreachable, self.keys.unreachable, self.paused = set(), set(), set()

    async def live(self, seconds: float) -> None:
        """Make each running process renew or claim, as often as a standby does."""
        end = anyio.current_time() + seconds
        while anyio.current_time() < end:
            for name in self.processes.keys() - self.paused:
                await self.processes[name].renew()
            if not self.paused | self.database.unreachable:
                assert len(self.leaders) <= 1
            loop().seconds += TERMS.poll_s


EVENTS = st.sampled_from(
    ["cut", "paused", "woken", "no database", "no valkey", "valkey emptied", "all is well"]
)
STORY = st.lists(
    st.tuples(EVENTS, st.sampled_from(["one", "two"]), st.floats(0.1, 100)), max_size=12
)


@given(STORY)
def test_some_process_always_leads_and_finally_exactly_one(
    story: list[tuple[str, str, float]],
) -> None:
    anyio.run(_play, story, backend_options={"loop_factory": SimulatedLoop})


async def _play(story: list[tuple[str, str, float]]) -> None:
    simulation = Simulation()
    for event, name, seconds in [*story, ("all is well", "", TERMS.poll_s)]:
        simulation.happens(event, name)
        await simulation.live(seconds)
        if len(simulation.paused) < len(simulation.processes):
            await simulation.live(TERMS.lease_s + TERMS.poll_s)
            assert simulation.leaders

    assert len(simulation.leaders) == 1
    tokens = [token for _, token in simulation.database.taken]
    assert tokens == sorted(set(tokens))


@pytest.mark.parametrize("hangs", ["database", "keys"])
@pytest.mark.parametrize("interval_s", [1.0, 2.5, 60.0])
async def test_a_cycle_does_not_wait_for_a_hanging_store(interval_s: float, hangs: str) -> None:
    hung, well = Store(unreachable={"one"}, hangs_s=3600.0), Store()
    database, keys = (hung, well) if hangs == "database" else (well, hung)
    one, stop, terms = lease("one", database, keys, interval_s), anyio.Event(), Terms.of(interval_s)
    waited: list[float] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.run, stop)
        for _ in range(20):
            await anyio.sleep(interval_s)
            began = anyio.current_time()
            assert await one.begin(first=False)
            waited.append(anyio.current_time() - began)
        stop.set()

    assert max(waited) <= terms.ask_s + 0.001
