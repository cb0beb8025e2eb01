"""`/history` and `/incidents`: the outcome of every slot, and the times when a source failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import AwareDatetime

from schema.history import WORKER, Range
from schema.incidents import Incidents
from schema.responses import Problem
from schema.timestamps import utc_now
from schema.uptime import History
from service.api.archive import UNAVAILABLE, Archive
from service.history.window import (
    Buckets,
    Window,
    WindowError,
    buckets,
    ranged,
    window,
    with_beats,
)

HISTORY_DEFAULT = timedelta(hours=24)
INCIDENTS_DEFAULT = timedelta(days=30)
INCIDENTS_LIMIT = 1000
BUCKETS_DEFAULT = 48  # half an hour each, for a day
BUCKETS_LIMIT = 2000  # more than a screen can show
INVALID, NOT_FOUND = 422, 404


async def _archive(
    request: Request,
) -> Archive:  # FastAPI runs a function that is not async in a thread
    archive: Archive = request.state.archive
    return archive


HistoryReader = Annotated[Archive, Depends(_archive)]
Source = Annotated[
    str | None, Query(description="A slug such as `postgres` or `iam`; all if omitted")
]
From = Annotated[AwareDatetime | None, Query(alias="from", description="ISO 8601 with a zone")]
To = Annotated[
    AwareDatetime | None, Query(alias="to", description="ISO 8601 with a zone; now if omitted")
]
Ranged = Annotated[
    Range | None,
    Query(
        alias="range",
        description="A range up to now, divided at round UTC times; excludes `from` and `to`",
    ),
]


@dataclass(frozen=True, slots=True)
class SelectedSpan:
    """The span that a request selects: a range, or `from` and `to`."""

    range: Range | None
    begin: datetime | None
    end: datetime | None

    def cut(self, past: Archive, count: int, now: datetime) -> Buckets:
        """Return the span's buckets.

        Raises:
            WindowError: The span is invalid.
        """
        if self.range is None:
            selected = window(self.begin, self.end, now, HISTORY_DEFAULT)
            return buckets(selected, count, now, past.beats_kept, past.interval_s)
        self._be_one()
        return ranged(self.range, now, past.beats_kept, past.interval_s)

    def window(self, past: Archive, now: datetime) -> Window:
        """Return the span's start and end.

        Raises:
            WindowError: The span is invalid.
        """
        if self.range is None:
            return window(self.begin, self.end, now, INCIDENTS_DEFAULT)
        return self._ranged(self.range, past, now)

    def beats(self, past: Archive, now: datetime) -> Window:
        """Return the span's start and end, if single beats of all of it are kept.

        Raises:
            WindowError: The span is invalid, or begins before.
        """
        if self.range is None:
            selected = window(self.begin, self.end, now, HISTORY_DEFAULT)
        else:
            selected = self._ranged(self.range, past, now)
        return with_beats(selected, now, past.beats_kept)

    def _ranged(self, selected: Range, past: Archive, now: datetime) -> Window:
        self._be_one()
        cut = ranged(selected, now, past.beats_kept, past.interval_s)
        return Window(cut.start(0), now)

    def _be_one(self) -> None:
        for name, moment in (("from", self.begin), ("to", self.end)):
            if moment is not None:
                raise WindowError(f"{name}: {moment.isoformat()} and a range: give one of them")


async def _selected_span(span: Ranged = None, begin: From = None, end: To = None) -> SelectedSpan:
    return SelectedSpan(span, begin, end)


Span = Annotated[SelectedSpan, Depends(_selected_span)]
Limit = Annotated[
    int, Query(ge=1, le=INCIDENTS_LIMIT, description="The most to return; the newest are kept")
]
Count = Annotated[
    int, Query(alias="buckets", ge=1, le=BUCKETS_LIMIT, description="The number of buckets")
]

RESPONSES: dict[int | str, dict[str, Any]] = {  # Any: FastAPI's own type
    NOT_FOUND: {"model": Problem, "description": "No such source"},
    INVALID: {
        "model": Problem,
        "description": "Invalid parameters, or a window that is not kept",
    },
    UNAVAILABLE: {"model": Problem, "description": "PostgreSQL cannot be read now"},
}

router = APIRouter(responses=RESPONSES, tags=["history"])


@router.get("/history", response_model=History, summary="The history: the result of every slot")
async def history(
    past: HistoryReader,
    span: Span,
    source: Source = None,
    count: Count = BUCKETS_DEFAULT,
) -> Response:
    """Return outcomes by source and bucket; by default, of the last 24 hours.

    `unknown` counts slots without a record. A `range` is divided into quarter hours, two hours, UTC
    days, or weeks from Monday. Between `from` and `to` there are as many buckets as requested.
    Buckets of an hour or more, and those where single beats are too many or no longer kept, are
    whole hours, so their number can differ. Percentiles of hours come from a histogram.
    """
    now, sources = utc_now(), chosen(past, source)
    cut = span.cut(past, count, now)
    key = ("history", source, span, count)
    answer = await past.answer(key, lambda reader: reader.history(sources, cut, now))
    return answer.response


@router.get("/incidents", response_model=Incidents, summary="When a source was not ok")
async def incidents(
    past: HistoryReader,
    span: Span,
    source: Source = None,
    limit: Limit = INCIDENTS_LIMIT,
) -> Response:
    """Return the incidents that overlap a window, newest first; by default, of 30 days.

    A slot without a record neither begins nor ends an incident. A span without records of any
    source is an incident of the source `worker`; another server in a store's place is a moment of
    the kind `promoted`.
    """
    now = utc_now()
    sources = past.with_servers([WORKER] if source == WORKER else chosen(past, source))
    everything = [*sources, WORKER] if source is None else sources
    selected = span.window(past, now)
    key = ("incidents", source, span, limit)
    answer = await past.answer(
        key, lambda reader: reader.incidents(everything, selected, now, limit)
    )
    return answer.response


def chosen(past: Archive, source: str | None) -> list[str]:
    """Return the slugs that a request selects.

    Raises:
        HTTPException: There is no such source.
    """
    found = past.sources(source)
    if not found:
        there = ", ".join(past.sources(None))
        raise HTTPException(NOT_FOUND, f"there is no source {source!r} here, but {there}")
    return found
