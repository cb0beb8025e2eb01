"""Fixtures of sources: one of each kind on a real store, and one in memory."""

import os
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from local.aws.environment import BUCKET
from schema.timestamps import utc_now
from service.connections import close, connect
from service.instances import PREFIX
from service.settings import load
from service.source import Source
from service.sources import KINDS
from tests.fakes import MemorySource


@pytest.fixture
def author() -> str:
    """Return a new author, so that the test finds no stamp in a store that is not emptied."""
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """The slug of the store to test, from the parameter of `source`."""
    slug: str = request.param
    return slug


@pytest.fixture
def store_environ(store: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables of one store, after starting or emptying it.

    Variables of other stores come from the shell. A URL from there, such as
    `HEARTBEAT_SOURCE_MYSQL=mysql://...`, tests another server than the one that tests start.
    """
    own = {*(name for kind in KINDS for name in (*kind.variables.values(), *kind.urls))}
    outside = {name: value for name, value in os.environ.items() if name in own}
    urls = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    return outside | _started(store, request.getfixturevalue) | urls


def _started(store: str, fixture: Callable[[str], Any]) -> dict[str, str]:
    """Start or empty only this store, because each one takes time."""
    match store:
        case "postgres":
            return dict(fixture("database"))
        case "valkey":
            return dict(fixture("keys"))
        case "mysql":
            return dict(fixture("mariadb").environment)
        case "secrets_manager" | "s3":
            environ = dict(fixture("aws").environment())
            url = f"s3://{BUCKET}?endpoint={environ['AWS_ENDPOINT_URL']}"
            return environ | {"HEARTBEAT_SOURCE_S3": url}
    return {}


@pytest.fixture
async def source(store: str, store_environ: dict[str, str], author: str) -> AsyncIterator[Source]:
    """A connected source."""
    if store == "memory":
        yield MemorySource(now=utc_now)
        return
    settings = load(store_environ | {"HEARTBEAT_NAME": author})
    connected = connect(settings)
    yield connected[store]
    await close(connected)
