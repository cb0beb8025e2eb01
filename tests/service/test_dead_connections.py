"""Dead idle connections make neither a reading nor a write fail."""

from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import pytest
from anyio import CancelScope
from anyio.abc import ByteStream

from local.proxy import CLOSED, Mode, Proxy, serving
from service.connections import close, connect
from service.settings import load
from service.sources.postgres import pool
from service.sources.valkey import store as valkey_store
from tests.service.test_outages import PROXIED, Stores, beat, proxied

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stores(environ: dict[str, str]) -> AsyncIterator[Stores]:
    """Provide all stores, read once, so that every connection is open."""
    async with proxied(environ) as found:
        for source in found.sources.values():
            await source.read()
        yield found


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every connection count as idle immediately."""
    monkeypatch.setattr(pool, "IDLE_S", 0.0)
    monkeypatch.setattr(valkey_store, "IDLE_S", 0.0)


@pytest.mark.parametrize("name", PROXIED)
async def test_a_closed_connection_fails_neither_a_reading_nor_a_write(
    stores: Stores, name: str
) -> None:
    source, proxy = stores.sources[name], stores.proxies[name]
    for _ in range(3):
        await proxy.switch(Mode.CUT)
        await proxy.switch(Mode.PASS)
        found = await source.read()
        assert (found.reachable, found.error) == (True, None)

        await proxy.switch(Mode.CUT)
        await proxy.switch(Mode.PASS)
        heartbeat = beat()
        await source.write(heartbeat)
        assert (await source.read()).stamp == heartbeat.timestamp


class SilentNetwork(Proxy):
    """A network that drops the traffic of existing connections without closing them."""

    generation = 0

    async def _pass_on(self, source: ByteStream, sink: ByteStream, both: CancelScope) -> None:
        born = self.generation
        with suppress(*CLOSED):
            async for piece in source:
                if self.generation != born:
                    await anyio.sleep_forever()
                await sink.send(piece)
        both.cancel()


@pytest.mark.parametrize("name", PROXIED)
async def test_a_silent_connection_is_replaced(environ: dict[str, str], name: str) -> None:
    variable = PROXIED[name]
    network = SilentNetwork(int(environ[variable]))
    async with serving(network):
        sources = connect(load({**environ, variable: str(network.port)}))
        source, heartbeat = sources[name], beat()
        await source.write(heartbeat)
        network.generation += 1

        found = await source.read()
        await close(sources)

    assert (found.stamp, found.error) == (heartbeat.timestamp, None)
