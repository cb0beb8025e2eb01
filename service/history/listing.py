"""Build the response of incidents: failed writes, and spans without records."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from schema.errors import ErrorWord
from schema.history import SERVER, WORKER
from schema.incidents import Incident, IncidentKind, Incidents
from service.history.window import Window
from service.source import Row

TITLE = "Worker"


def incidents(
    rows: Iterable[Row], titles: Mapping[str, str], window: Window, now: datetime, limit: int
) -> Incidents:
    """Return the rows as a document.

    Args:
        rows: The rows of both statements.
        titles: The sources' titles, by slug.
        window: The window.
        now: The server's clock.
        limit: How many of the newest to return.
    """
    found = sorted(rows, key=lambda row: (row.began, row.source), reverse=True)
    longest = max(found, key=lambda row: (row.ended or now) - row.began, default=None)
    totals = {row.source == WORKER: row.total for row in found}
    return Incidents(
        start=window.start,
        end=window.end,
        as_of=now,
        total=sum(totals.values()),
        longest=_told(longest, titles) if longest is not None else None,
        incidents=[_told(row, titles) for row in found[:limit]],
    )


def _told(row: Row, titles: Mapping[str, str]) -> Incident:
    kind = _kind(row.source)
    is_moment = kind is IncidentKind.PROMOTED
    return Incident(
        id=identifier(row.source, row.began),
        kind=kind,
        source=row.source,
        title=TITLE if kind is IncidentKind.UNKNOWN else titles[row.source],
        start=row.began,
        end=row.began if is_moment else row.ended,
        error=ErrorWord(row.error) if row.error and not is_moment else None,
        beats_missed=0 if is_moment else row.missed,
    )


def _kind(source: str) -> IncidentKind:
    if source == WORKER:
        return IncidentKind.UNKNOWN
    return IncidentKind.PROMOTED if source.endswith(SERVER) else IncidentKind.FAILED


def identifier(source: str, began: datetime) -> str:
    """Return an incident's id, which is also its address on the page."""
    fraction = f".{began.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{source}-{began:%Y%m%dT%H%M%S}{fraction}Z"
