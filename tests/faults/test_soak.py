"""The soak recognizes a leak despite the noise and steps of real processes."""

import random
from collections.abc import Callable

import pytest

from tests.faults.soak import Usage, grown

ROWS = 120  # about as many faults as happen in half an hour
CYCLES = 5  # in one row


def held(rss_kb: Callable[[int], float], descriptors: Callable[[int], int]) -> list[Usage]:
    """Return a process's usage after each row, with noise and one permanent step."""
    noise = random.Random(17)
    return [
        Usage(
            cycle,
            100_000 + noise.uniform(0, 1_500) + (4_000 if cycle > 300 else 0) + rss_kb(cycle),
            22 + noise.randrange(4) + descriptors(cycle),
        )
        for cycle in range(0, ROWS * CYCLES, CYCLES)
    ]


def test_noise_and_one_step_are_not_a_leak() -> None:
    assert grown("worker", held(lambda _: 0, lambda _: 0), judged=True) == []


def test_a_leak_of_20_kilobytes_per_cycle_is_noticed() -> None:
    assert grown("worker", held(lambda cycle: 20.0 * cycle, lambda _: 0), judged=True)


def test_one_leaked_descriptor_per_ten_cycles_is_noticed() -> None:
    assert grown("worker", held(lambda _: 0, lambda cycle: cycle // 10), judged=True)


@pytest.mark.parametrize("judged", [True, False])
def test_a_run_that_is_too_short_to_prove_growth_only_reports(judged: bool) -> None:
    leaking = held(lambda cycle: 20.0 * cycle, lambda _: 0)

    assert bool(grown("worker", leaking, judged=judged)) is judged
