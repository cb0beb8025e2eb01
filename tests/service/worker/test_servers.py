"""Detection of another server in a primary's place."""

from datetime import timedelta
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from schema.errors import ErrorWord
from schema.heartbeat import ServerReport
from service.errors import SourceError
from service.outcome import Outcome
from service.source import Server
from service.worker.servers import Servers, is_another
from tests.fakes import NOW, MemorySource
from tests.service.worker.simulated import BACKEND

pytestmark = pytest.mark.anyio

WRITTEN = [Outcome("memory", NOW, "ok")]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return BACKEND


class Place(Server):
    """A source that reports the server that a test sets."""

    def __init__(self) -> None:
        self.seen: ServerReport | Exception = ServerReport(timeline=1, address="10.0.0.1")

    async def place(self) -> ServerReport:
        await anyio.lowlevel.checkpoint()
        if isinstance(self.seen, Exception):
            raise self.seen
        return self.seen


@pytest.mark.parametrize(
    ("before", "seen", "another"),
    [
        ({}, {"timeline": 3, "address": "a"}, False),
        ({"timeline": 3, "address": "a"}, {"timeline": 3, "address": "a"}, False),
        ({"timeline": 3, "address": "a"}, {"timeline": 3, "address": "b"}, False),
        ({"timeline": 3, "address": "a"}, {"timeline": 4, "address": "a"}, True),
        ({"timeline": 3}, {"timeline": 2}, False),
        ({"address": "a"}, {"address": "b"}, True),
        ({"address": "a"}, {"address": "a"}, False),
        ({"address": "a"}, {}, False),
        ({"timeline": 3, "address": "a"}, {"address": "b"}, False),
    ],
)
def test_another_server_is_recognized_by_its_timeline_else_by_its_address(
    before: dict[str, Any], seen: dict[str, Any], another: bool
) -> None:
    assert is_another(ServerReport(**before), ServerReport(**seen)) is another


async def test_a_promotion_is_logged_once_and_stays_in_the_report() -> None:
    source, place = MemorySource(), Place()
    source.server = place
    servers = Servers({"memory": source, "other": MemorySource()}, 60.0)
    assert await servers.look(WRITTEN, NOW) == []
    later = NOW + timedelta(minutes=1)
    place.seen = ServerReport(timeline=2, address="10.0.0.2")
    with capture_logs() as lines:
        await anyio.sleep(60.0)
        outcomes = await servers.look(WRITTEN, later)
        await anyio.sleep(60.0)
        again = await servers.look(WRITTEN, later + timedelta(minutes=1))

    assert [outcome.source for outcome in outcomes] == ["memory.server"]
    assert again == []
    assert [line["event"] for line in lines] == ["server_promoted"]
    assert servers.reports["memory"].promoted_at == later


async def test_a_server_without_timeline_and_address_is_not_another_one() -> None:
    source, place = MemorySource(), Place()
    source.server = place
    servers = Servers({"memory": source}, 60.0)
    await servers.look(WRITTEN, NOW)
    known = dict(servers.reports)
    place.seen = SourceError(ErrorWord.PERMISSION)
    await anyio.sleep(60.0)

    assert await servers.look(WRITTEN, NOW) == []
    assert servers.reports == known


async def test_a_store_whose_write_failed_is_not_read() -> None:
    source = MemorySource()
    source.server = Place()
    servers = Servers({"memory": source}, 60.0)

    assert await servers.look([Outcome("memory", NOW, ErrorWord.TIMEOUT)], NOW) == []
    assert servers.reports == {}


async def test_a_failed_cycle_does_not_delay_the_first_look() -> None:
    source, place = MemorySource(), Place()
    source.server = place
    servers = Servers({"memory": source}, 60.0)

    await servers.look([Outcome("memory", NOW, ErrorWord.TIMEOUT)], NOW)
    await servers.look(WRITTEN, NOW)

    assert servers.reports == {"memory": place.seen}
