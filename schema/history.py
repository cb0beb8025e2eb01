"""Records of every cycle, and the latency histogram of each hour."""

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
"""The span over which beats are summed."""

KEPT_DAYS = 400
"""The days for which hourly totals and incidents are kept; single beats are kept no longer."""

SETTLED_AFTER_S = 30.0
"""The time after a slot's end in which its beat may arrive: the writes' deadline, and a flush."""

TOLERANCE_S = 2e-6
"""Slots are rounded to microseconds."""

WORKER = "worker"
"""The source of incidents in which nothing was recorded."""


class Range(StrEnum):
    """A span of the past that ends now."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    YEAR = "1y"


LATENCY_BOUNDS_MS = tuple(round(0.1 * 2 ** (step / 2), 3) for step in range(37))
"""The inner bounds of the histogram, from 0.1 ms to 26 s. Each is the square root of two times the
previous one, so that a percentile is wrong by a fifth at most. Stored histograms depend on these
bounds: never change them."""

LATENCY_BUCKETS = len(LATENCY_BOUNDS_MS) + 1
"""One more than the bounds: below the first, and from the last on."""

Finite = Annotated[float, AllowInfNan(allow_inf_nan=False)]


@dataclass(
    frozen=True, slots=True
)  # thousands may wait in memory: a pydantic model would take five times as much
class Record:
    """The result of one source's write in one cycle.

    Attributes:
        source: The source's slug.
        slot: The start of the cycle's slot by the wall clock.
        interval_seconds: Seconds between slots at that time.
        stamp: The heartbeat's timestamp.
        error: Why the stamp was not written, None if it was.
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


NAME_MAX = 50  # characters of a source in history
REPLICA, SERVER = ".replica", ".server"  # no slug has a dot


def replica_of(name: str) -> str:
    """Return the name under which history has the lag of a source's replica."""
    return name[: NAME_MAX - len(REPLICA)] + REPLICA


def server_of(name: str) -> str:
    """Return the name under which history has the promotions of a source's servers."""
    return name[: NAME_MAX - len(SERVER)] + SERVER


RECORD_JSON = TypeAdapter(Record)
"""Parses and prints a record as JSON."""


def percentile(histogram: Sequence[int], fraction: float) -> float | None:
    """Return a percentile of latencies, in milliseconds.

    Args:
        histogram: How many latencies are in each bucket.
        fraction: The percentile, such as 0.95.

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
