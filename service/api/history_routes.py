"""`/history` and `/incidents`: what became of every slot, and when a source was not ok."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from schema.responses import History, Incidents, Problem
from schema.timestamps import utc_now
from service.api.archive import UNAVAILABLE, Archive
from service.api.errors import problem
from service.history.window import WindowError, buckets, window

HISTORY_DEFAULT = timedelta(hours=24)
INCIDENTS_DEFAULT = timedelta(days=30)
BUCKETS_DEFAULT = 48  # half an hour each in a day
BUCKETS_LIMIT = 2000  # more than a screen has columns
INVALID, NOT_FOUND = 422, 404


async def _archive(request: Request) -> Archive:  # FastAPI would give a thread to any other
    archive: Archive = request.state.archive
    return archive


Past = Annotated[Archive, Depends(_archive)]
Source = Annotated[str | None, Query(description="A slug such as `postgres` or `iam`; all without")]
From = Annotated[AwareDatetime | None, Query(alias="from", description="ISO 8601 with a zone")]
To = Annotated[AwareDatetime | None, Query(alias="to", description="ISO 8601 with a zone; or now")]
Count = Annotated[
    int, Query(alias="buckets", ge=1, le=BUCKETS_LIMIT, description="Into how many parts to cut")
]

RESPONSES: dict[int | str, dict[str, Any]] = {  # Any: FastAPI's own type
    NOT_FOUND: {"model": Problem, "description": "No such source"},
    INVALID: {"model": Problem, "description": "Nonsense, or a window beyond what is kept"},
    UNAVAILABLE: {"model": Problem, "description": "PostgreSQL cannot be read now"},
}

router = APIRouter(responses=RESPONSES, tags=["history"])


@router.get("/history", response_model=History, summary="What became of every slot")
async def history(
    past: Past,
    source: Source = None,
    begin: From = None,
    end: To = None,
    count: Count = BUCKETS_DEFAULT,
) -> Response:
    """By source and bucket, of the last 24 hours if nothing else is said.

    `unknown` are slots that nobody recorded. From an hour on, and where single beats are too many
    or not kept any more, buckets are whole hours: so there can be one more than asked for, or
    fewer, and their percentiles come from a histogram.
    """
    now, sources = utc_now(), past.sources(source)
    if not sources:
        return _no_source(past, source)
    try:
        asked = window(begin, end, now, HISTORY_DEFAULT)
        cut = buckets(asked, count, now, past.beats_kept, past.interval_s)
    except WindowError as error:
        return problem(INVALID, "invalid", str(error))
    key = ("history", source, begin, end, count)
    answer = await past.answer(key, lambda told: told.history(sources, cut, now))
    return answer.response


@router.get("/incidents", response_model=Incidents, summary="When a source was not ok")
async def incidents(
    past: Past, source: Source = None, begin: From = None, end: To = None
) -> Response:
    """The incidents that touch a window, newest first, at most 1,000; of 30 days by default.

    A slot that nobody recorded neither begins nor ends one.
    """
    now, sources = utc_now(), past.sources(source)
    if not sources:
        return _no_source(past, source)
    try:
        asked = window(begin, end, now, INCIDENTS_DEFAULT)
    except WindowError as error:
        return problem(INVALID, "invalid", str(error))
    key = ("incidents", source, begin, end)
    answer = await past.answer(key, lambda told: told.incidents(sources, asked))
    return answer.response


def _no_source(past: Archive, source: str | None) -> Response:
    there = ", ".join(past.sources(None))
    return problem(NOT_FOUND, "not_found", f"there is no source {source!r} here, but {there}")
