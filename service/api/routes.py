"""The endpoints without parameters, which answer from the shared readings without a query."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from schema import migrations
from schema.errors import ErrorWord
from schema.response import Response as Document
from schema.responses import Ready
from schema.status import Overall, WorkerHealth
from service.api import documents, metrics
from service.api.live import Live
from service.api.password import OUTSIDER
from service.kind import AnyKind
from service.observation import Observation
from service.sources import iam, postgres, secrets_manager, valkey
from service.verdict import status
from service.verdict.snapshot import Snapshot
from service.verdict.watch import Watch

JSON = "application/json"
OK, UNAVAILABLE = 200, 503


async def livez(request: Request) -> Response:
    """Answer 200 even while every store hangs, and 503 `stuck` if this process itself does.

    It uses no store and no thread.
    """
    state = request.state
    if state.watch.is_stuck or state.live.is_stuck:
        return Response(state.stuck, UNAVAILABLE, media_type=JSON)
    return Response(state.health, media_type=JSON)


async def readyz(request: Request) -> Response:
    """Tell orchestrators whether the app is ready for traffic."""
    watch = _watch(request)
    where = watch.settings.history
    snapshot = await watch.snapshot(where.name) if where else None
    ready = _ready(snapshot.found(where.name) if snapshot and where else None)
    if OUTSIDER in request.scope:
        ready = Ready(ready=ready.ready, schema_head=None, schema_revision=None, error=None)
    return _answer(ready, OK if ready.ready else UNAVAILABLE)


async def db_status(request: Request) -> Response:
    """Return whether both can be read and written, and their stamps."""
    return _answer(documents.db_status(await _first(request, postgres.KIND, valkey.KIND)))


async def secret_status(request: Request) -> Response:
    """Return the stamps in the secret's description and value; never the value."""
    return _answer(documents.secret_status(await _first(request, secrets_manager.KIND)))


async def iam_status(request: Request) -> Response:
    """Return the identity that AWS reports, and when its credentials expire."""
    return _answer(documents.iam_status(await _first(request, iam.KIND)))


async def worker_status(request: Request) -> Response:
    """Return every source, the identity, the worker, and the diagnosis in one sentence."""
    return Response(await _watch(request).status(), media_type=JSON)


async def worker_health(request: Request) -> Response:
    """Answer an uptime monitor: 503 if a store cannot be written or read.

    After a time without requests this waits for each reading's end, up to 8 s: the answer
    must be neither red for a slow store nor green for one that hangs.
    """
    watch = _watch(request)
    whole = status.worker_status(await watch.snapshot(wait_s=watch.longest_reading_s))
    verdict = WorkerHealth(overall_status=whole.overall_status, diagnosis=whole.diagnosis)
    return _answer(verdict, UNAVAILABLE if whole.overall_status is Overall.ERROR else OK)


async def show_metrics(request: Request) -> Response:
    """Return all metrics, from the shared readings."""
    watch = _watch(request)
    snapshot = await watch.snapshot()
    return metrics.Text(
        metrics.render(
            snapshot,
            watch.readers,
            request.state.live,
            request.state.meters,
            request.state.alerting,
        )
    )


async def live(websocket: WebSocket) -> None:
    """Push documents to one page while it is open."""
    viewers: Live = websocket.state.live
    await viewers.serve(websocket)


def _watch(request: Request) -> Watch:
    watch: Watch = request.state.watch
    return watch


async def _first(request: Request, *kinds: AnyKind) -> Snapshot:
    """Return what is known about the first source of each kind."""
    watch = _watch(request)
    found = [watch.settings.first(kind) for kind in kinds]
    return await watch.snapshot(*(source.name for source in found if source))


def _answer(document: Document, code: int = OK) -> Response:
    """Return a document; a second validation of our own models would double the cost."""
    return Response(document.model_dump_json(), code, media_type=JSON)


def _ready(found: Observation | None) -> Ready:
    """Tell whether the schema is at this version's head or newer."""
    return Ready(
        ready=found is not None and found.reachable and not found.schema_behind,
        schema_head=migrations.head(),
        schema_revision=found.schema_revision if found else None,
        error=found.error if found else ErrorWord.NOT_CONFIGURED,
    )
