"""Estimate the slope of a figure."""

from collections.abc import Sequence
from itertools import combinations
from statistics import median

MEGABYTE_A_DAY_KB = 0.7  # a cycle, at one a minute


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median of the slopes between any two points, 0 of fewer than two.

    The Theil-Sen estimator: memory comes in steps, and one large step is not a leak.

    Args:
        points: Pairs of a position, such as the number of a cycle, and the figure.
    """
    pairs = [(a, b) for a, b in combinations(points, 2) if b[0] != a[0]]
    return median((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs) if pairs else 0.0
