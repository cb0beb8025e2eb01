"""Percentiles of a handful of measurements."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], fraction: float) -> float:
    """Return the least value that this fraction of all does not exceed; 0 if there is none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(fraction * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return percentile(values, 0.5)
