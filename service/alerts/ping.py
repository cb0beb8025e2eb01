"""The dead man's switch: an address that is asked each minute, for as long as alerts work."""

from collections.abc import Callable

import anyio
import anyio.to_thread
import structlog

from schema.alerts import DeliveryError
from service.alerts.senders.http import Http, Request
from service.alerts.senders.sent import Sent

PING_S = 60.0
AGAIN_S = 5.0  # how soon it is looked whether it may be asked again
ATTEMPT_S = 20.0

log = structlog.get_logger()


class Ping:
    """Asks one address each minute; who keeps it calls for help when it is no longer asked.

    Args:
        url: A secret.
        why_not: What keeps it from being asked, None if nothing does.

    Attributes:
        asked: How often it answered.
        failed: How often it did not.
        silent: Why it is not asked now.
    """

    def __init__(self, url: str, why_not: Callable[[], str | None]) -> None:
        self.asked = self.failed = 0
        self.silent: str | None = None
        self._request = Request(url=url)
        self._why_not = why_not
        self._http = Http()

    async def run(self) -> None:
        """Ask, until cancelled."""
        while True:
            asked = await self.ask()
            await anyio.sleep(PING_S if asked else AGAIN_S)

    async def ask(self) -> bool:
        """Ask once, unless something keeps it from being asked; gives whether it was asked."""
        silent = self._why_not()
        if silent != self.silent:
            log.info("alert_ping_stopped" if silent else "alert_ping_resumed", reason=silent)
            self.silent = silent
        if silent is not None:
            return False
        sent = Sent(DeliveryError.TIMEOUT)
        with anyio.move_on_after(ATTEMPT_S):
            sent = await anyio.to_thread.run_sync(
                self._http.send, self._request, abandon_on_cancel=True
            )
        if sent.error is None:
            self.asked += 1
        else:
            self.failed += 1
            log.warning("alert_ping_failed", error=sent.error)
        return True
