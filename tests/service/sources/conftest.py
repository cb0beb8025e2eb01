"""Every source, connected to the real stores, and one in memory."""

import os
import uuid
from collections.abc import AsyncIterator

import pytest

from schema.timestamps import utc_now
from service.connections import close, connect
from service.instances import PREFIX
from service.settings import load
from service.source import Source
from service.sources import KINDS
from tests.fakes import MemorySource


@pytest.fixture
def author() -> str:
    """Who stamps in this test alone, so that a store that nobody empties is empty for it."""
    return f"test-{uuid.uuid4()}"


@pytest.fixture
async def sources(environ: dict[str, str], author: str) -> AsyncIterator[dict[str, Source]]:
    """All sources by slug, without the AWS identity, which keeps no stamp.

    The variables of sources that these tests start no store for come from outside.
    """
    own = {*(name for kind in KINDS for name in (*kind.variables.values(), *kind.urls))}
    outside = {n: v for n, v in os.environ.items() if n in own or n.startswith(PREFIX)}
    connected = connect(load(outside | environ | {"HEARTBEAT_NAME": author}))
    del connected["iam"]
    connected["memory"] = MemorySource(now=utc_now)
    yield connected
    await close(connected)
