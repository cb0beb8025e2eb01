"""Build the response from counts of the database: buckets without gaps, and their sums."""

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime

from schema.history import SETTLED_AFTER_S, TOLERANCE_S, percentile
from schema.uptime import Bucket, SourceHistory
from service.history.window import Buckets
from service.source import Row


@dataclass(frozen=True, slots=True)
class Durations:
    """The seconds that each state lasted; a changed interval does not change past ones."""

    ok: float = 0.0
    failed: float = 0.0
    unknown: float = 0.0


def history(
    source: str,
    title: str,
    rows: Mapping[int, Row],
    cut: Buckets,
    *,
    first: datetime | None,
    interval_s: float | None,
    now: datetime,
) -> SourceHistory:
    """Return one source's buckets and sums; uptimes are None where nothing was due.

    Args:
        source: The slug.
        title: Its title.
        rows: Counts by the bucket's index.
        cut: The buckets.
        first: The slot of its first beat, None if there is none.
        interval_s: The interval of the last beat before them, None if there was none.
        now: The server's clock.
    """
    buckets: list[Bucket] = []
    lasted: list[Durations] = []
    for index in range(cut.count):
        row, start = rows.get(index), cut.start(index)
        if row is not None:
            gap = interval_s is not None  # slots before a source's first beat were not due
            unknown = row.unknown + (row.before if gap else 0)
            ok_s, failed_s, unknown_s, before_s = row.seconds
            lasted.append(Durations(ok_s, failed_s, unknown_s + (before_s if gap else 0.0)))
            interval_s = row.interval_seconds
        elif interval_s is not None:
            unknown = _slots(start, cut.start(index + 1), interval_s, now)
            lasted.append(Durations(unknown=unknown * interval_s))
        else:
            unknown = 0
        buckets.append(_bucket(start, row, unknown, exact=not cut.hourly))
    return _summed(source, title, first, buckets, lasted)


def _slots(start: datetime, end: datetime, interval_s: float, now: datetime) -> int:
    """Return how many slots have no beat, counted like `tally.slots`."""
    due_s = min(end.timestamp(), now.timestamp() - interval_s - SETTLED_AFTER_S)
    first = math.ceil((start.timestamp() - TOLERANCE_S) / interval_s)
    return max(0, math.ceil((due_s - TOLERANCE_S) / interval_s) - first)


def _bucket(start: datetime, row: Row | None, unknown: int, *, exact: bool) -> Bucket:
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


def _summed(
    source: str, title: str, first: datetime | None, buckets: list[Bucket], lasted: list[Durations]
) -> SourceHistory:
    ok, failed = sum(each.ok for each in buckets), sum(each.failed for each in buckets)
    unknown = sum(each.unknown for each in buckets)
    ok_s, failed_s, unknown_s = (
        math.fsum(kind) for kind in zip(*map(astuple, [Durations(), *lasted]), strict=True)
    )
    due_s, known_s = ok_s + failed_s + unknown_s, ok_s + failed_s
    return SourceHistory(
        source=source,
        title=title,
        expected=ok + failed + unknown,
        ok=ok,
        failed=failed,
        unknown=unknown,
        first_beat=first,
        ok_seconds=ok_s,
        failed_seconds=failed_s,
        unknown_seconds=unknown_s,
        uptime_strict=ok_s / due_s if due_s else None,
        uptime_known=ok_s / known_s if known_s else None,
        buckets=buckets,
    )
