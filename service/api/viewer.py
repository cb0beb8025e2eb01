"""One open page on a WebSocket, which only receives documents."""

import time
from collections.abc import Callable

from anyio import CancelScope, move_on_after
from starlette.websockets import WebSocket, WebSocketDisconnect

from service.verdict.readers import Spawn

FRAMES_MAX = 30  # in a minute
FRAMES_WINDOW_S = 60.0
CLOSE_S = 1.0  # a page that reads nothing does not receive the close frame

POLICY_VIOLATION = 1008  # https://www.iana.org/assignments/websocket/


class Viewer:
    """One open page; while a document is being sent, at most one more waits.

    It has one task, which listens; a second one exists only while there is something to send.

    Args:
        websocket: The accepted connection.
        spawn: Starts sending in the background.
        clock: Monotonic seconds.

    Attributes:
        sent: How many documents were sent to it.
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
        self._sender = False  # whether a sending task exists

    def offer(self, document: str) -> bool:
        """Queue a document; False if one is being sent and another is already waiting."""
        if self._under_way and self._waiting is not None:
            return False
        self._waiting = document
        if not self._sender:
            self._sender = True
            self._spawn(self._send)
        return True

    def drop(self) -> None:
        """Close the connection without a close frame: the viewer does not read anyway."""
        self._scope.cancel()

    async def converse(self) -> None:
        """Listen until the page leaves, is dropped, or sends too much."""
        said_too_much = False
        with self._scope:
            said_too_much = await self._listen()
        if said_too_much:
            with move_on_after(CLOSE_S):
                await self._websocket.close(POLICY_VIOLATION, "a viewer must not send anything")

    async def _send(self) -> None:
        while self._waiting is not None:
            document, self._waiting = self._waiting, None
            self._under_way = True
            try:
                await self._websocket.send_text(document)
            except (WebSocketDisconnect, RuntimeError):  # gone, or closed by us in the meantime
                self.drop()
            self._under_way = False
            self.sent += 1
        self._sender = False

    async def _listen(self) -> bool:
        """Wait until the page leaves; True if it sends too much first."""
        frames, since = 0, self._clock()
        while frames <= FRAMES_MAX:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return False
            if self._clock() - since >= FRAMES_WINDOW_S:
                frames, since = 0, self._clock()
            frames += 1
        return True
