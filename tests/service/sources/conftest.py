"""Every source, connected to the real stores, and one in memory."""

import os
import uuid
from collections.abc import AsyncIterator

import pytest

from local.aws.environment import BUCKET
from schema.timestamps import utc_now
from service.connections import close, connect
from service.instances import PREFIX
from service.settings import load
from service.source import Source
from service.sources import KINDS
from tests.fakes import MemorySource
from tests.service.mariadb import MariaDb


@pytest.fixture
def author() -> str:
    """Who stamps in this test alone, so that a store that nobody empties is empty for it."""
    return f"test-{uuid.uuid4()}"


@pytest.fixture
async def sources(
    environ: dict[str, str], mariadb: MariaDb, author: str
) -> AsyncIterator[dict[str, Source]]:
    """All sources by slug, without the AWS identity, which keeps no stamp.

    The variables of sources that these tests start no store for come from outside, and so may URLs:
    `HEARTBEAT_SOURCE_MYSQL=mysql://…` tries another server than the one that is started here.
    """
    own = {*(name for kind in KINDS for name in (*kind.variables.values(), *kind.urls))}
    outside = {name: value for name, value in os.environ.items() if name in own}
    urls = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    bucket = {"HEARTBEAT_SOURCE_S3": f"s3://{BUCKET}?endpoint={environ['AWS_ENDPOINT_URL']}"}
    more = {**mariadb.environment, **bucket, **urls, "HEARTBEAT_NAME": author}
    connected = connect(load(outside | environ | more))
    del connected["iam"]
    connected["memory"] = MemorySource(now=utc_now)
    yield connected
    await close(connected)
