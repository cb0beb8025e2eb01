import anyio
import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from service.api.viewer import FRAMES_MAX, FRAMES_WINDOW_S, Viewer

pytestmark = pytest.mark.anyio


class Page:
    """A page that reads one document whenever the test allows it."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.may_read = anyio.Event()
        scope = {"type": "websocket", "headers": []}
        self.websocket = WebSocket(scope, self._listen, self._take)

    async def accept(self) -> None:
        await self.websocket.accept()

    async def _listen(self) -> Message:
        return {"type": "websocket.connect"}

    async def _take(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            await self.may_read.wait()
            self.read.append(message["text"])


async def test_a_queued_document_is_replaced_by_a_newer_one() -> None:
    page = Page()
    await page.accept()
    page.may_read.set()
    async with anyio.create_task_group() as tasks:
        viewer = Viewer(page.websocket, tasks.start_soon)

        assert viewer.offer("first")
        assert viewer.offer("second")
    assert page.read == ["second"]


async def test_one_document_is_queued_behind_the_one_in_flight_and_no_third() -> None:
    page = Page()
    await page.accept()
    async with anyio.create_task_group() as tasks:
        viewer = Viewer(page.websocket, tasks.start_soon)
        viewer.offer("on its way")
        await anyio.wait_all_tasks_blocked()

        assert viewer.offer("waiting")
        assert not viewer.offer("too many")
        page.may_read.set()
    assert page.read == ["on its way", "waiting"]
    assert viewer.sent == 2


@pytest.mark.parametrize(
    ("pause_s", "closes"), [(0.0, True), (FRAMES_WINDOW_S / FRAMES_MAX, False)]
)
async def test_the_frames_of_a_page_are_limited_per_minute(pause_s: float, *, closes: bool) -> None:
    clock, replies = [0.0], list[str]()
    frame: Message = {"type": "websocket.receive", "text": "hello"}
    left: Message = {"type": "websocket.disconnect", "code": 1000}
    messages = iter([{"type": "websocket.connect"}, *[frame] * (FRAMES_MAX + 1), left])

    async def receive() -> Message:
        clock[0] += pause_s
        return next(messages)

    async def send(message: Message) -> None:
        replies.append(message["type"])

    websocket = WebSocket({"type": "websocket", "headers": []}, receive, send)
    await websocket.accept()
    async with anyio.create_task_group() as tasks:
        await Viewer(websocket, tasks.start_soon, lambda: clock[0]).converse()

    assert ("websocket.close" in replies) is closes
