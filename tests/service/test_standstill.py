import time

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from tests.service.serving import served
from tests.service.standstill import STANDSTILL_MAX_S, longest_standstill_s

pytestmark = pytest.mark.anyio


async def test_a_blocked_event_loop_is_detected() -> None:
    async def blocking(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        time.sleep(STANDSTILL_MAX_S * 1.1)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with longest_standstill_s() as standstill_s:
        async with served(blocking) as address, httpx2.AsyncClient() as client:
            await client.get(f"http://{address}/")

        assert standstill_s() > STANDSTILL_MAX_S
