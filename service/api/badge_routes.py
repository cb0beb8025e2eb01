"""`/badge.svg`, `/badge/{source}.svg`, `/incidents.atom`: for other pages and feed readers."""

from fastapi import APIRouter, Request, Response

from schema.freshness import Freshness
from schema.heartbeat import IDENTITY
from schema.history import REPLICA, WORKER, Range
from schema.incidents import Incidents
from schema.status import WorkerStatus
from schema.timestamps import utc_now
from schema.uptime import History
from service.api.archive import Archive
from service.api.badge import svg
from service.api.errors import problem
from service.api.feed import atom
from service.history.window import Window, ranged
from service.verdict import status

FEED_RANGE, FEED_LIMIT = Range.MONTH, 100
ALIVE = {Freshness.FRESH, Freshness.AGING}
NOT_FOUND = 404

# Not in the description: they return no JSON, so the generated client cannot use them.
router = APIRouter(include_in_schema=False)


@router.get("/badge.svg")
async def badge(request: Request, range: Range = Range.MONTH) -> Response:  # noqa: A002 - its name
    """Show the verdict, and the uptime of the source that has the lowest."""
    whole = await _whole(request)
    label = request.state.title or "heartbeat"
    shares = await _uptimes(request.state.archive, range)
    return _image(svg(label, whole.overall_status, min(shares.values(), default=None), range))


@router.get("/badge/{source}.svg")
async def source_badge(
    request: Request,
    source: str,
    range: Range = Range.MONTH,  # noqa: A002 - its name
) -> Response:
    """Show one source: the freshness of its stamp, and its uptime."""
    whole = await _whole(request)
    row = whole.timestamps.get(source) or (whole.iam if source == IDENTITY else None)
    if row is None:
        return problem(NOT_FOUND, "not_found", f"there is no source {source!r} here")
    state = "ok" if row.freshness in ALIVE and row.error is None else "error"
    if row.observed_at is None:
        state = "unknown"
    shares = await _uptimes(request.state.archive, range)
    return _image(svg(row.title, state, shares.get(source), range))


@router.get("/incidents.atom")
async def feed(request: Request) -> Response:
    """Return the newest incidents of 30 days."""
    past: Archive = request.state.archive
    now = utc_now()
    cut = ranged(FEED_RANGE, now, past.beats_kept, past.interval_s)
    sources = [*past.with_servers(past.sources(None)), WORKER]
    window = Window(cut.start(0), now)
    answer = await past.answer(
        ("feed",), lambda reader: reader.incidents(sources, window, now, FEED_LIMIT)
    )
    if answer.document is None:
        return answer.response
    proto = request.headers.get("x-forwarded-proto", request.url.scheme).split(",")[0].strip()
    root = str(request.base_url.replace(scheme="https" if proto == "https" else "http"))
    found = Incidents.model_validate_json(answer.document)
    body = atom(found, request.state.title or "Heartbeat", root)
    return Response(body, media_type="application/atom+xml")


async def _whole(request: Request) -> WorkerStatus:
    return status.worker_status(await request.state.watch.snapshot())


async def _uptimes(past: Archive, selected: Range) -> dict[str, float]:
    """Return each source's uptime; nothing while PostgreSQL is down."""
    now = utc_now()
    sources = [name for name in past.sources(None) if not name.endswith(REPLICA)]
    cut = ranged(selected, now, past.beats_kept, past.interval_s)
    key = ("history", None, selected, "badge")
    answer = await past.answer(key, lambda reader: reader.history(sources, cut, now))
    if answer.document is None:
        return {}
    found = History.model_validate_json(answer.document).sources
    return {each.source: each.uptime_known for each in found if each.uptime_known is not None}


def _image(text: str) -> Response:
    return Response(text, media_type="image/svg+xml")
