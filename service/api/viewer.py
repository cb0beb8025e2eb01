"""One open page on a WebSocket: it gets documents, and has nothing to say."""

import time
from collections.abc import Callable

from anyio import CancelScope, move_on_after
from starlette.websockets import WebSocket, WebSocketDisconnect

from service.verdict.readers import Spawn

FRAMES_MAX = 30  # in a minute
FRAMES_WINDOW_S = 60.0
CLOSE_S = 1.0  # a page that reads nothing cannot be told that it is closed

POLICY_VIOLATION = 1008  # https://www.iana.org/assignments/websocket/


class Viewer:
    """One open page; while a document is on its way, at most one more waits for it.

    It has one task, which listens; sending takes another only while there is something to send.

    Args:
        websocket: Accepted.
        spawn: Starts the sending of a document.
        clock: Monotonic seconds.

    Attributes:
        sent: How many documents it has got.
    """

    def __init__(
        self, websocket: WebSocket, spawn: Spawn, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.sent = 0
        self._websocket = websocket
        self._spawn = spawn
        self._clock = clock
        self._scope = CancelScope()
        self._waiting: str | None = None
        self._under_way = False
        self._sender = False  # whether a task is there to send

    def offer(self, document: str) -> bool:
        """Hand over a document; False if one is under way and another is waiting already."""
        if self._under_way and self._waiting is not None:
            return False
        self._waiting = document
        if not self._sender:
            self._sender = True
            self._spawn(self._send)
        return True

    def drop(self) -> None:
        """End the conversation without a word: what was sent before is not read either."""
        self._scope.cancel()

    async def converse(self) -> None:
        """Go on until the page leaves, is dropped, or says too much."""
        said_too_much = False
        with self._scope:
            said_too_much = await self._listen()
        if said_too_much:
            with move_on_after(CLOSE_S):
                await self._websocket.close(POLICY_VIOLATION, "a viewer has nothing to say")

    async def _send(self) -> None:
        while self._waiting is not None:
            document, self._waiting = self._waiting, None
            self._under_way = True
            try:
                await self._websocket.send_text(document)
            except (WebSocketDisconnect, RuntimeError):  # gone, or closed by us meanwhile
                self.drop()
            self._under_way = False
            self.sent += 1
        self._sender = False

    async def _listen(self) -> bool:
        """Wait until the page leaves; True if it says too much before."""
        frames, since = 0, self._clock()
        while frames <= FRAMES_MAX:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return False
            if self._clock() - since >= FRAMES_WINDOW_S:
                frames, since = 0, self._clock()
            frames += 1
        return True
