"""When the worker's health port opens: once the first cycle has ended, for its server takes CPU."""

from typing import TYPE_CHECKING

import anyio

from service import garbage
from service.process import ProcessSettings

if TYPE_CHECKING:  # imported behind the first cycle
    from service.worker.liveness import Route, Server

OPENS_AFTER_S = 2.0  # at most; platforms begin to ask after 20 s


class Health:
    """The health port, whose server is imported behind the first cycle.

    Args:
        process: Host and port.
        routes: The answer at each path.
    """

    def __init__(self, process: ProcessSettings, routes: "dict[str, Route]") -> None:
        self._process = process
        self._routes = routes
        self._cycled = anyio.Event()
        self._server: Server | None = None

    def note_cycle(self) -> None:
        """Open the port soon: a cycle has ended."""
        self._cycled.set()

    async def run(self) -> None:
        """Wait for the first cycle, at most two seconds; then serve until `stop`."""
        with anyio.move_on_after(OPENS_AFTER_S):
            await self._cycled.wait()
        from service.worker.liveness import server  # noqa: PLC0415 - a twentieth of a start

        garbage.resume()  # all is imported
        self._server = server(self._process.host, self._process.health_port, self._routes)
        await self._server.listen()

    def stop(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.stop()
