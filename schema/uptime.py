"""The response of `/history`: the results of all slots in a window."""

from schema.response import Milliseconds, Response, Seconds
from schema.timestamps import Timestamp


class Bucket(Response):
    """A span of a source's history: how many slots were due, and their results."""

    start: Timestamp
    expected: int
    """Slots whose time has passed."""
    ok: int
    failed: int
    unknown: int
    """Slots without a record; never counted as up."""
    latency_p50_ms: Milliseconds | None
    latency_p95_ms: Milliseconds | None


class SourceHistory(Response):
    """One source's history over a window."""

    source: str
    title: str
    expected: int
    ok: int
    failed: int
    unknown: int
    first_beat: Timestamp | None
    """The first recorded slot that is kept; nothing was due before it. None if there is none."""
    ok_seconds: Seconds
    failed_seconds: Seconds
    unknown_seconds: Seconds
    uptime_strict: float | None
    """By time, ok / all: unknown time counts as down; None if nothing was due."""
    uptime_known: float | None
    """By time, ok / (ok + failed): unknown time does not count; None if nothing is known."""
    buckets: list[Bucket]


class History(Response):
    """The results of all slots in a window, by source."""

    start: Timestamp
    end: Timestamp
    """The end of the last bucket, which may lie in the future."""
    as_of: Timestamp
    """The server's clock when this was read."""
    interval_seconds: float
    bucket_seconds: float
    sources: list[SourceHistory]
