"""Every source, connected to the real stores, and one in memory."""

from collections.abc import AsyncIterator

import pytest

from schema.timestamps import utc_now
from service.connections import close, connect
from service.settings import Settings
from service.source import Source
from tests.fakes import MemorySource


@pytest.fixture
async def sources(settings: Settings) -> AsyncIterator[dict[str, Source]]:
    """All sources by slug, without the AWS identity, which keeps no stamp."""
    connected = connect(settings)
    del connected["iam"]
    connected["memory"] = MemorySource(now=utc_now)
    yield connected
    await close(connected)
