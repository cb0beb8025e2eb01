"""What is recorded of every cycle, and the latency histogram that hours keep of it."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Annotated

from pydantic import AllowInfNan, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from schema.errors import ErrorWord
from schema.timestamps import Moment

HOUR = timedelta(hours=1)
"""The span that beats are summed by."""


KEPT_DAYS = 400
"""How long hourly sums and incidents are kept, and single beats at most."""


class Range(StrEnum):
    """A span of the past that ends now, as people ask for it."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    YEAR = "1y"


LATENCY_BOUNDS_MS = tuple(round(0.1 * 2 ** (step / 2), 3) for step in range(37))
"""The inner bounds of the histogram, from 0.1 ms to 26 s: each the square root of two above the
one before, so that any percentile is off by a fifth at most. Stored histograms depend on it: it
never changes."""

LATENCY_BUCKETS = len(LATENCY_BOUNDS_MS) + 1
"""One below the first bound, one from the last bound on."""

Finite = Annotated[float, AllowInfNan(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)  # thousands may wait in memory: a model would weigh five times
class Record:
    """How one source's write of one cycle ended.

    Attributes:
        source: The source's slug.
        slot: The start of the cycle's slot on the wall clock.
        interval_seconds: Seconds between slots at that time.
        stamp: The heartbeat's timestamp.
        error: Why the stamp did not land, None if it did.
        attempts: How often the write was tried.
        latency_ms: How long the last attempt took.
    """

    source: Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]*$")]
    slot: Moment
    interval_seconds: Annotated[Finite, Field(gt=0, le=86_400)]
    stamp: Moment
    error: ErrorWord | None
    attempts: Annotated[int, Field(ge=0, le=2**31 - 1)]
    latency_ms: Annotated[Finite, Field(ge=0, le=2**53)]


RECORD = TypeAdapter(Record)
"""Reads and writes a record as JSON."""


def percentile(histogram: Sequence[int], fraction: float) -> float | None:
    """A percentile of latencies, in milliseconds.

    Args:
        histogram: How many latencies lie in each bucket.
        fraction: Which percentile, such as 0.95.

    Returns:
        The geometric middle of the bucket that holds it, None if all buckets are empty.
    """
    reached = list(accumulate(histogram))
    if not reached or not reached[-1]:
        return None
    bucket = bisect_left(reached, math.ceil(fraction * reached[-1]))
    below = LATENCY_BOUNDS_MS[max(0, bucket - 1)]
    above = LATENCY_BOUNDS_MS[min(bucket, len(LATENCY_BOUNDS_MS) - 1)]
    return math.sqrt(below * above)
