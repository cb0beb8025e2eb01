"""One open page on a WebSocket: it gets documents, and has nothing to say."""

import time
from collections.abc import Callable

from anyio import CancelScope, WouldBlock, create_memory_object_stream, create_task_group
from anyio import move_on_after as within
from starlette.websockets import WebSocket, WebSocketDisconnect

FRAMES_MAX = 30  # in a minute
FRAMES_WINDOW_S = 60.0
CLOSE_S = 1.0  # a page that reads nothing cannot be told that it is closed

POLICY_VIOLATION = 1008  # https://www.iana.org/assignments/websocket/


class Viewer:
    """One open page; at most one document waits for it.

    Args:
        websocket: Accepted.
        clock: Monotonic seconds.

    Attributes:
        sent: How many documents it has got.
    """

    def __init__(self, websocket: WebSocket, clock: Callable[[], float] = time.monotonic) -> None:
        self.sent = 0
        self._websocket = websocket
        self._clock = clock
        self._scope = CancelScope()
        self._close_code: int | None = None
        self._inbox, self._outbox = create_memory_object_stream[str](max_buffer_size=1)

    def offer(self, document: str) -> bool:
        """Hand over a document; False if the one before is still waiting."""
        try:
            self._inbox.send_nowait(document)
        except WouldBlock:
            return False
        return True

    def drop(self) -> None:
        """End the conversation without a word: what was sent before is not read either."""
        self._scope.cancel()

    async def converse(self) -> None:
        """Send what is offered, until the page leaves, is dropped, or says too much."""
        with self._inbox, self._outbox, self._scope:
            async with create_task_group() as tasks:
                tasks.start_soon(self._listen)
                await self._speak()
        if self._close_code is not None:
            with within(CLOSE_S):
                await self._websocket.close(self._close_code, "a viewer has nothing to say")

    async def _speak(self) -> None:
        async for document in self._outbox:
            try:
                await self._websocket.send_text(document)
            except WebSocketDisconnect:
                self.drop()
            self.sent += 1

    async def _listen(self) -> None:
        frames, since = 0, self._clock()
        while frames <= FRAMES_MAX:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self.drop()
                return
            if self._clock() - since >= FRAMES_WINDOW_S:
                frames, since = 0, self._clock()
            frames += 1
        self._close_code = POLICY_VIOLATION
        self.drop()
