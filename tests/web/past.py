"""Create history and incidents for the page from one list of outages."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from schema.errors import ErrorWord
from schema.history import Range
from schema.incidents import Incident, IncidentKind, Incidents
from schema.uptime import Bucket, History, SourceHistory
from service.history.listing import identifier
from service.history.window import Buckets, ranged
from tests.web.documents import ENDPOINTS, LATENCIES_MS, NOW

MINUTE = timedelta(minutes=1)  # between two slots
KEPT = timedelta(days=90)  # of single beats
LONG_AGO = NOW - timedelta(days=399)
DUE = NOW.replace(second=0, microsecond=0)  # the slot of this minute may still get its beat


@dataclass(frozen=True)
class Outage:
    """Consecutive failed beats of one source.

    Attributes:
        began: The slot of the first one.
        ended: The slot of the next successful beat, None while the outage lasts.
    """

    source: str
    began: datetime
    ended: datetime | None
    word: ErrorWord

    def missed(self, start: datetime, end: datetime) -> int:
        """Count its beats between two times."""
        return slots(max(self.began, start), min(self.ended or DUE, end))


def ago(minutes: int, *, hours: int = 0, days: int = 0) -> datetime:
    """Return the slot of some time ago."""
    return DUE - timedelta(days=days, hours=hours, minutes=minutes)


OVER = (
    Outage("valkey", ago(20, hours=7), ago(14, hours=7), ErrorWord.UNREACHABLE),
    Outage("postgres", ago(12, days=3, hours=2), ago(0, days=3, hours=2), ErrorWord.READ_ONLY),
)
LASTING = Outage("valkey", ago(4), None, ErrorWord.TIMEOUT)


def slots(start: datetime, end: datetime) -> int:
    """Count the slots between two times, without the end; 0 if the end is earlier."""
    first, last = (-((DUE - moment) // MINUTE) for moment in (start, end))
    return max(0, last - first)


def history(
    cut: Buckets,
    outages: Collection[Outage] = OVER,
    away: tuple[datetime, datetime] | None = None,
    first: datetime = LONG_AGO,
) -> History:
    """Return the history of some buckets.

    Args:
        cut: The buckets.
        outages: The outages of all sources.
        away: The period without a worker.
        first: The slot of the first beat.
    """

    def bucket(name: str, index: int) -> Bucket:
        begin, end = max(cut.start(index), first), min(cut.start(index + 1), DUE)
        expected = slots(begin, end)
        failed = sum(each.missed(begin, end) for each in outages if each.source == name)
        unknown = slots(max(begin, away[0]), min(end, away[1])) if away else 0
        ok = expected - failed - unknown
        slow = 1 + 0.4 * math.sin(index / 5) + (1.5 if failed else 0)
        return Bucket(
            start=cut.start(index),
            expected=expected,
            ok=ok,
            failed=failed,
            unknown=unknown,
            latency_p50_ms=LATENCIES_MS[name] * slow if ok else None,
            latency_p95_ms=LATENCIES_MS[name] * slow * 2.3 if ok else None,
        )

    return History(
        start=cut.start(0),
        end=cut.start(cut.count),
        as_of=NOW,
        interval_seconds=60,
        bucket_seconds=cut.width.total_seconds(),
        sources=[
            _whole(name, first, [bucket(name, index) for index in range(cut.count)])
            for name in ENDPOINTS
        ],
    )


def ranged_history(name: Range = Range.DAY) -> History:
    """Return the history of a range with few outages."""
    return history(ranged(name, NOW, KEPT, 60))


def incidents(
    start: datetime,
    outages: Collection[Outage] = OVER,
    away: tuple[datetime, datetime] | None = None,
    limit: int = 1000,
) -> Incidents:
    """Return outages and the worker's absence since a time as incidents, newest first."""
    found = [
        Incident(
            id=identifier(each.source, each.began),
            kind=IncidentKind.FAILED,
            source=each.source,
            title=ENDPOINTS[each.source][0],
            start=each.began,
            end=each.ended,
            error=each.word,
            beats_missed=each.missed(each.began, NOW),
        )
        for each in outages
        if each.ended is None or each.ended > start
    ]
    if away is not None:
        found.append(
            Incident(
                id=identifier("worker", away[0]),
                kind=IncidentKind.UNKNOWN,
                source="worker",
                title="Worker",
                start=away[0],
                end=None if away[1] >= DUE else away[1],
                error=None,
                beats_missed=slots(*away),
            )
        )
    found.sort(key=lambda each: each.start, reverse=True)
    return Incidents(
        start=start,
        end=NOW,
        as_of=NOW,
        total=len(found),
        longest=max(found, key=lambda each: (each.end or NOW) - each.start, default=None),
        incidents=found[:limit],
    )


def _whole(name: str, first: datetime, parts: list[Bucket]) -> SourceHistory:
    expected, ok, failed, unknown = (
        sum(getattr(part, count) for part in parts)
        for count in ("expected", "ok", "failed", "unknown")
    )
    return SourceHistory(
        source=name,
        title=ENDPOINTS[name][0],
        expected=expected,
        ok=ok,
        failed=failed,
        unknown=unknown,
        first_beat=first,
        ok_seconds=ok * 60,
        failed_seconds=failed * 60,
        unknown_seconds=unknown * 60,
        uptime_strict=ok / expected if expected else None,
        uptime_known=ok / (ok + failed) if ok + failed else None,
        buckets=parts,
    )
