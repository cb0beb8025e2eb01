import pytest

from bench.slope import slope


def test_a_steady_rise_is_its_slope() -> None:
    assert slope([(cycle, 100.0 + 20.0 * cycle) for cycle in range(0, 100, 7)]) == 20.0


def test_one_large_step_is_not_a_leak() -> None:
    assert slope([(cycle, 5_000.0 if cycle > 50 else 0.0) for cycle in range(60)]) == 0.0


@pytest.mark.parametrize("points", [[], [(1.0, 5.0)], [(1.0, 5.0), (1.0, 9.0)]])
def test_less_than_two_moments_show_nothing(points: list[tuple[float, float]]) -> None:
    assert slope(points) == 0.0
