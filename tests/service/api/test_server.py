from pathlib import Path

import anyio
import pytest
from websockets.asyncio.client import connect

from tests.service.processes import running
from tests.service.serving import NOWHERE

pytestmark = pytest.mark.anyio


async def test_a_signal_ends_viewers_and_process_well(tmp_path: Path) -> None:
    with running("api", "PORT", NOWHERE, tmp_path) as api:
        async with connect(api.url.replace("http", "ws") + "/ws") as viewer:
            await viewer.recv()
            api.process.terminate()
            with anyio.fail_after(10):
                await viewer.wait_closed()
        api.process.finish(10)

        assert viewer.close_code == 1012
        assert api.process.exit_code == 0
    assert "request_failed" not in api.log.read_text()
    assert "Traceback" not in api.log.read_text()
