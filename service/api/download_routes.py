"""`/history.csv` and `/history.ndjson`: every beat of a window, streamed."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from schema.timestamps import utc_now
from service.api.download import CSV, NDJSON, Format
from service.api.history_routes import RESPONSES, HistoryReader, Source, Span, chosen
from service.errors import SourceError

router = APIRouter(responses=RESPONSES, tags=["history"])


def _described(form: Format) -> Any:  # Any: keyword arguments of mixed types
    kind = form.media_type.partition(";")[0]
    shown = {"schema": {"type": "string"}, "example": form.head.decode() + form.example}
    answer = {"description": "A line for each beat", "content": {kind: shown}}
    return {"response_class": Response, "responses": {200: answer}}


@router.get("/history.csv", summary="Every beat, as CSV", **_described(CSV))
async def history_csv(past: HistoryReader, span: Span, source: Source = None) -> Response:
    """Return every stamp of a window with its outcome; by default, of the last 24 hours.

    Source by source, oldest first. A window that begins before single beats are kept
    (`HISTORY_RETENTION_DAYS`) is refused. If PostgreSQL fails in the middle, the connection breaks
    off, so that half a file never looks complete.
    """
    return await _download(past, span, source, CSV)


@router.get("/history.ndjson", summary="Every beat, as lines of JSON", **_described(NDJSON))
async def history_ndjson(past: HistoryReader, span: Span, source: Source = None) -> Response:
    """Return the same as `/history.csv`, with one JSON object per line."""
    return await _download(past, span, source, NDJSON)


async def _download(past: HistoryReader, span: Span, source: str | None, form: Format) -> Response:
    sources = chosen(past, source)
    window = span.beats(past, utc_now())
    try:
        body = await past.download(sources, window, form)
    except SourceError as error:
        return past.unavailable(error).response
    name = f'attachment; filename="heartbeat-history.{form.suffix}"'
    return StreamingResponse(
        body, headers={"Content-Disposition": name}, media_type=form.media_type
    )
