"""What was counted in the database, as it is told: buckets without a gap, and their sums."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from schema.history import percentile
from schema.responses import Bucket, SourceHistory
from service.history.spans import SETTLED_AFTER_S, TOLERANCE_S
from service.history.window import Buckets


def buckets(
    rows: Mapping[int, Row[Any]], cut: Buckets, interval_s: float | None, now: datetime
) -> list[Bucket]:
    """One source's buckets.

    Args:
        rows: What was counted, by the bucket's index.
        cut: The buckets.
        interval_s: That of the last beat before them, None if there was none.
        now: The server's clock.
    """
    told = []
    for index in range(cut.count):
        row, start = rows.get(index), cut.start(index)
        unknown = 0
        if row is not None:
            unknown = row.unknown + (row.before if interval_s is not None else 0)
            interval_s = row.interval_seconds
        elif interval_s is not None:
            unknown = _slots(start, cut.start(index + 1), interval_s, now)
        told.append(_bucket(start, row, unknown, exact=not cut.hourly))
    return told


def _slots(start: datetime, end: datetime, interval_s: float, now: datetime) -> int:
    """How many slots without a beat there are, as `tally.slots` counts them."""
    due_s = min(end.timestamp(), now.timestamp() - interval_s - SETTLED_AFTER_S)
    first = math.ceil((start.timestamp() - TOLERANCE_S) / interval_s)
    return max(0, math.ceil((due_s - TOLERANCE_S) / interval_s) - first)


def _bucket(start: datetime, row: Row[Any] | None, unknown: int, *, exact: bool) -> Bucket:
    if row is None:
        return Bucket(
            start=start,
            expected=unknown,
            ok=0,
            failed=0,
            unknown=unknown,
            latency_p50_ms=None,
            latency_p95_ms=None,
        )
    ok, failed = row.ok, row.failed
    return Bucket(
        start=start,
        expected=ok + failed + unknown,
        ok=ok,
        failed=failed,
        unknown=unknown,
        latency_p50_ms=row.p50 if exact else percentile(row.latencies, 0.5),
        latency_p95_ms=row.p95 if exact else percentile(row.latencies, 0.95),
    )


def summed(source: str, title: str, told: list[Bucket]) -> SourceHistory:
    """One source's buckets with their sums; its uptimes are None where nothing was expected."""
    ok, failed = sum(each.ok for each in told), sum(each.failed for each in told)
    unknown = sum(each.unknown for each in told)
    expected = ok + failed + unknown
    return SourceHistory(
        source=source,
        title=title,
        expected=expected,
        ok=ok,
        failed=failed,
        unknown=unknown,
        uptime_strict=ok / expected if expected else None,
        uptime_known=ok / (ok + failed) if ok + failed else None,
        buckets=told,
    )
