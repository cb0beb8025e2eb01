"""Percentiles of a handful of measurements."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], fraction: float) -> float:
    """The least value that so large a part of all does not exceed; 0 of nothing."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(fraction * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    """The one in the middle."""
    return percentile(values, 0.5)
