"""uvicorn for a process that is idle most of the time."""

import asyncio
from contextlib import suppress
from types import FrameType

import uvicorn

TICK_S = 1.0  # how often the Date header is set


class QuietServer(uvicorn.Server):
    """A server that wakes its process once a second.

    uvicorn looks ten times a second whether to end, which costs an idle worker more CPU in a minute
    than its cycle does.
    """

    _loop: asyncio.AbstractEventLoop | None = None
    _ended: asyncio.Event

    async def main_loop(self) -> None:
        """Set the Date header once a second, until `stop`."""
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._ended.wait()

    def stop(self) -> None:
        """End soon; may be called by a signal handler, and before the server has started."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ended.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End at a signal."""
        super().handle_exit(sig, frame)
        self.stop()
