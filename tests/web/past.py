"""History and incidents as the page may get them, both told from one list of outages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from schema.errors import ErrorWord
from schema.responses import Bucket, History, Incident, Incidents, SourceHistory
from tests.web.documents import ENDPOINTS, LATENCIES_MS, NOW

MINUTE = timedelta(minutes=1)  # between two slots
DUE = NOW.replace(second=0, microsecond=0)  # the slot of this minute may still get its beat


@dataclass(frozen=True)
class Outage:
    """A run of beats of one source that failed.

    Attributes:
        began: The slot of the first.
        ended: The slot of the first beat after them, None while it lasts.
    """

    source: str
    began: datetime
    ended: datetime | None
    word: ErrorWord

    def missed(self, start: datetime, end: datetime) -> int:
        """How many of its beats lie between two moments."""
        return slots(max(self.began, start), min(self.ended or DUE, end))


def ago(minutes: int, *, hours: int = 0, days: int = 0) -> datetime:
    """A slot that is so long past."""
    return DUE - timedelta(days=days, hours=hours, minutes=minutes)


OVER = (
    Outage("valkey", ago(20, hours=7), ago(14, hours=7), ErrorWord.UNREACHABLE),
    Outage("postgres", ago(12, days=3, hours=2), ago(0, days=3, hours=2), ErrorWord.READ_ONLY),
)
LASTING = Outage("valkey", ago(4), None, ErrorWord.TIMEOUT)


def slots(start: datetime, end: datetime) -> int:
    """How many slots lie between two moments, the end not included; none if it is the earlier."""
    first, last = (-((DUE - moment) // MINUTE) for moment in (start, end))
    return max(0, last - first)


def history(
    days: int,
    buckets: int,
    outages: Collection[Outage] = OVER,
    away: tuple[datetime, datetime] | None = None,
) -> History:
    """The history of a window that ends now.

    Args:
        days: Its length.
        buckets: How many parts.
        outages: When which source failed.
        away: From when to when there was no worker.
    """
    start, length = NOW - timedelta(days=days), timedelta(days=days) / buckets

    def bucket(name: str, index: int) -> Bucket:
        begin, end = start + index * length, min(start + (index + 1) * length, DUE)
        expected = slots(begin, end)
        failed = sum(each.missed(begin, end) for each in outages if each.source == name)
        unknown = slots(max(begin, away[0]), min(end, away[1])) if away else 0
        ok = expected - failed - unknown
        return Bucket(
            start=begin,
            expected=expected,
            ok=ok,
            failed=failed,
            unknown=unknown,
            latency_p50_ms=LATENCIES_MS[name] if ok else None,
            latency_p95_ms=LATENCIES_MS[name] * 2.3 if ok else None,
        )

    return History(
        start=start,
        end=NOW,
        interval_seconds=60,
        bucket_seconds=length.total_seconds(),
        sources=[
            _whole(name, [bucket(name, index) for index in range(buckets)]) for name in ENDPOINTS
        ],
    )


def incidents(outages: Collection[Outage] = OVER) -> Incidents:
    """The outages as incidents, newest first."""
    newest_first = sorted(outages, key=lambda each: each.began, reverse=True)
    found = [
        Incident(
            source=each.source,
            title=ENDPOINTS[each.source][0],
            start=each.began,
            end=each.ended,
            error=each.word,
            beats_missed=each.missed(each.began, NOW),
        )
        for each in newest_first
    ]
    return Incidents(start=NOW - timedelta(days=7), end=NOW, incidents=found)


def _whole(name: str, parts: list[Bucket]) -> SourceHistory:
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
        uptime_strict=ok / expected,
        uptime_known=ok / (ok + failed) if ok + failed else None,
        buckets=parts,
    )
