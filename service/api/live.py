"""Live push: one ticker per process detects changes, and all viewers get the same document."""

import time
from collections.abc import Callable, Collection
from typing import Any

import anyio
from anyio import Event
from starlette.websockets import WebSocket

from schema.status import WorkerStatus
from service.api import subprotocol
from service.api.errors import problem
from service.api.origin import is_ours
from service.api.viewer import Viewer
from service.verdict.readers import Spawn
from service.verdict.status import worker_status
from service.verdict.watch import Watch

SILENCE_MAX_S = 25.0  # App Platform's edge closes connections that are silent for about 100 s
TICK_MIN_S = 0.1  # while a reading is in flight; it takes milliseconds
STILL_S = 60.0  # a tick takes milliseconds
TICK_MAX_S = 1.0  # freshness changes with age, without any reading

TRY_AGAIN_LATER = 1013  # https://www.iana.org/assignments/websocket/

# Fields that differ from one reading to the next although nothing has changed.
_READING = {"age_seconds", "observed_at", "last_seen", "latency_ms"}
UNSTABLE: Any = {  # Any: pydantic's type of it is recursive
    "current_time": True,
    "timestamps": {"__all__": _READING},
    "iam": _READING,
}


class Live:
    """All viewers of a process.

    Args:
        watch: Provides what is shown.
        spawn: Starts sending a document in the background.
        viewers_max: Beyond it, pages must retry later, and poll until then.
        origins: Other origins whose pages may connect.
        silence_s: The longest time between two documents.
        clock: Monotonic seconds.

    Attributes:
        viewers: How many pages are open now.
        dropped: How many viewers were closed because they read too slowly.
        refused: How many viewers were refused because there were too many.
    """

    def __init__(
        self,
        watch: Watch,
        spawn: Spawn,
        viewers_max: int,
        origins: Collection[str] = (),
        *,
        silence_s: float = SILENCE_MAX_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.viewers = self.dropped = self.refused = 0
        self._watch = watch
        self._spawn = spawn
        self._viewers_max = viewers_max
        self._origins = origins
        self._silence_s = silence_s
        self._clock = clock
        self._greeted: set[Viewer] = set()
        self._left_sent = 0
        self._somebody = Event()
        self._fingerprint = ""
        self._sent_at = self._ticked_at = 0.0

    @property
    def sent(self) -> int:
        """Count the documents sent to viewers."""
        return self._left_sent + sum(viewer.sent for viewer in self._greeted)

    @property
    def is_stuck(self) -> bool:
        """Tell whether somebody watches but the ticker has stopped."""
        return self._somebody.is_set() and self._clock() - self._ticked_at > STILL_S

    async def tick(self) -> None:
        """Detect changes while somebody watches, and sleep while nobody does; never returns."""
        while True:
            await self._somebody.wait()
            self._ticked_at = self._clock()
            # Not awaited: a slow reading must not delay news of the others.
            self._publish(worker_status(await self._watch.snapshot(wait_s=0.0)))
            readers = self._watch.readers.by_name.values()
            due_s = min((reader.expires_in_s for reader in readers), default=TICK_MAX_S)
            await anyio.sleep(min(max(due_s, TICK_MIN_S), TICK_MAX_S))

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one viewer until it leaves, reads too slowly or sends too much."""
        if not is_ours(websocket.headers, self._origins):
            message = "this page may not watch: its origin is not in API_CORS_ORIGINS"
            await websocket.send_denial_response(problem(403, "forbidden", message))
            return
        await websocket.accept(subprotocol.chosen(websocket.scope.get("subprotocols", ())))
        if self.viewers >= self._viewers_max:
            self.refused += 1
            await websocket.close(TRY_AGAIN_LATER, "too many viewers")
            return
        self.viewers += 1
        viewer = Viewer(websocket, self._spawn, self._clock)
        try:
            await self._greet(viewer)
            await viewer.converse()
        finally:
            self._leave(viewer)
            self.viewers -= 1

    async def _greet(self, viewer: Viewer) -> None:
        status = worker_status(await self._watch.snapshot())
        viewer.offer(status.model_dump_json())
        if not self._greeted:  # changes are compared with what this first viewer sees
            self._fingerprint, self._sent_at = _fingerprint(status), self._clock()
            self._ticked_at = self._clock()
            self._somebody.set()
        self._greeted.add(viewer)

    def _leave(self, viewer: Viewer) -> None:
        if viewer in self._greeted:
            self._greeted.discard(viewer)
            self._left_sent += viewer.sent
            if not self._greeted:
                self._somebody = Event()

    def _publish(self, status: WorkerStatus) -> None:
        fingerprint, now = _fingerprint(status), self._clock()
        if fingerprint == self._fingerprint and now - self._sent_at < self._silence_s:
            return
        self._fingerprint, self._sent_at = fingerprint, now
        document = status.model_dump_json()
        for viewer in list(self._greeted):
            if not viewer.offer(document):
                self.dropped += 1
                self._leave(viewer)
                viewer.drop()


def _fingerprint(status: WorkerStatus) -> str:
    return status.model_dump_json(exclude=UNSTABLE)
