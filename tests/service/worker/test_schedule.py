from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.worker.schedule import Schedule, slot_of

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
intervals = st.floats(min_value=0.05, max_value=3600)


def test_the_first_cycle_is_due_immediately() -> None:
    schedule = Schedule(started=100.0, started_at=NOON, interval_s=60)

    assert schedule.next_cycle(now=100.0, last=-1) == 0
    assert schedule.next_cycle(now=100.1, last=-1) == 0
    assert schedule.due(0) == 100.0


def test_the_cadence_is_counted_from_the_start_and_does_not_drift() -> None:
    schedule = Schedule(started=100.0, started_at=NOON, interval_s=60)

    assert schedule.next_cycle(now=100.7, last=0) == 1
    assert schedule.due(1) == 160.0
    assert schedule.due(1000) == 60_100.0


def test_a_cycle_that_overran_skips_ahead_instead_of_piling_up() -> None:
    schedule = Schedule(started=0.0, started_at=NOON, interval_s=60)

    assert schedule.next_cycle(now=185.0, last=0) == 4
    assert schedule.due(4) == 240.0


def test_a_cycle_that_ended_early_by_the_clock_does_not_run_twice() -> None:
    schedule = Schedule(started=0.0, started_at=NOON, interval_s=60)

    assert schedule.next_cycle(now=59.999, last=1) == 2


@given(intervals, st.integers(min_value=0, max_value=10_000), st.floats(0, 1e6))
def test_the_next_cycle_is_neither_in_the_past_nor_the_previous_one(
    interval_s: float, last: int, late: float
) -> None:
    schedule = Schedule(started=0.0, started_at=NOON, interval_s=interval_s)
    now = schedule.due(last) + late

    upcoming = schedule.next_cycle(now, last)

    assert upcoming > last
    assert schedule.due(upcoming) >= now - 1e-6 * max(1.0, now)


@given(st.sampled_from([0.05, 1, 5, 7, 60, 3600]), st.floats(0, 3600))
def test_every_cycle_has_its_own_slot(interval_s: float, phase: float) -> None:
    schedule = Schedule(0.0, NOON + timedelta(seconds=phase), interval_s)

    slots = [schedule.slot(cycle) for cycle in range(50)]

    assert len(set(slots)) == 50
    steps = {round((b - a).total_seconds() / interval_s) for a, b in pairwise(slots)}
    assert steps == {1}


def test_two_workers_share_the_slots_of_the_wall_clock() -> None:
    one = Schedule(0.0, NOON + timedelta(seconds=7), 60)
    other = Schedule(0.0, NOON + timedelta(seconds=41), 60)

    assert one.slot(3) == other.slot(3) == NOON + timedelta(minutes=3)


def test_a_time_belongs_to_the_slot_that_began_last() -> None:
    assert slot_of(NOON + timedelta(seconds=59.9), 60) == NOON
    assert slot_of(NOON + timedelta(seconds=60), 60) == NOON + timedelta(seconds=60)


def test_a_steady_wall_clock_needs_no_step() -> None:
    schedule = Schedule(100.0, NOON, 60)

    for seconds in (599, 599.1, 600.9, 601):
        assert schedule.step(700.0, NOON + timedelta(seconds=seconds)) == timedelta()


def test_a_wall_clock_that_differs_by_more_than_a_second_was_set() -> None:
    schedule = Schedule(100.0, NOON, 60)

    for seconds in (598.999, 601.001):
        step = timedelta(seconds=seconds - 600)
        assert schedule.step(700.0, NOON + timedelta(seconds=seconds)) == step


@given(st.floats(-1e6, 1e6).filter(lambda seconds: abs(seconds) > 1.001))
def test_after_a_step_the_slots_are_those_of_the_new_wall_clock(seconds: float) -> None:
    schedule = Schedule(100.0, NOON, 60)
    at = NOON + timedelta(seconds=600) + timedelta(seconds=seconds)

    moved = schedule.moved(schedule.step(700.0, at))

    assert moved.slot(10) == slot_of(at, 60)
    assert moved.due(10) == schedule.due(10)
    assert moved.step(700.0, at) == timedelta()
