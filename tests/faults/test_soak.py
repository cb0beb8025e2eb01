"""What the soak takes for a leak, among the steps and noise that real processes show."""

import random
from collections.abc import Callable

import pytest

from tests.faults.soak import Held, grown

ROWS = 120  # about as many faults as happen in half an hour
CYCLES = 5  # in one row


def held(rss_kb: Callable[[int], float], descriptors: Callable[[int], int]) -> list[Held]:
    """What a process holds after each row: with noise, and a step that stays."""
    noise = random.Random(17)
    return [
        Held(
            cycle,
            100_000 + noise.uniform(0, 1_500) + (4_000 if cycle > 300 else 0) + rss_kb(cycle),
            22 + noise.randrange(4) + descriptors(cycle),
        )
        for cycle in range(0, ROWS * CYCLES, CYCLES)
    ]


def test_noise_and_one_step_are_no_leak() -> None:
    assert grown("worker", held(lambda _: 0, lambda _: 0), judged=True) == []


def test_a_leak_of_20_kilobytes_a_cycle_is_noticed() -> None:
    assert grown("worker", held(lambda cycle: 20.0 * cycle, lambda _: 0), judged=True)


def test_a_descriptor_that_each_tenth_cycle_leaves_open_is_noticed() -> None:
    assert grown("worker", held(lambda _: 0, lambda cycle: cycle // 10), judged=True)


@pytest.mark.parametrize("judged", [True, False])
def test_a_run_that_is_too_short_to_prove_growth_is_only_told(judged: bool) -> None:
    leaking = held(lambda cycle: 20.0 * cycle, lambda _: 0)

    assert bool(grown("worker", leaking, judged=judged)) is judged
