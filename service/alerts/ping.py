"""The dead man's switch: a URL that is requested each minute while alerts work."""

from collections.abc import Callable

import anyio
import anyio.to_thread
import structlog

from schema.alerts import DeliveryError
from service.alerts.senders.http import Http, Request
from service.alerts.senders.result import SendResult

PING_S = 60.0
AGAIN_S = 5.0  # delay until the next check after a failed one
ATTEMPT_S = 20.0

log = structlog.get_logger()


class Ping:
    """Requests one URL each minute; its owner raises an alarm when the requests stop.

    Args:
        url: A secret.
        why_not: Returns why no request may be sent, None if it may.

    Attributes:
        sent: The number of successful requests.
        failed: The number of failed requests.
        silent: Why no requests are sent now.
    """

    def __init__(self, url: str, why_not: Callable[[], str | None]) -> None:
        self.sent = self.failed = 0
        self.silent: str | None = None
        self._request = Request(url=url)
        self._why_not = why_not
        self._http = Http()

    async def run(self) -> None:
        """Send requests, until cancelled."""
        while True:
            sent = await self.ask()
            await anyio.sleep(PING_S if sent else AGAIN_S)

    async def ask(self) -> bool:
        """Send one request, unless there is a reason not to; return whether it was sent."""
        silent = self._why_not()
        if silent != self.silent:
            log.info("alert_ping_stopped" if silent else "alert_ping_resumed", reason=silent)
            self.silent = silent
        if silent is not None:
            return False
        sent = SendResult(DeliveryError.TIMEOUT)
        with anyio.move_on_after(ATTEMPT_S):
            sent = await anyio.to_thread.run_sync(
                self._http.send, self._request, abandon_on_cancel=True
            )
        if sent.error is None:
            self.sent += 1
        else:
            self.failed += 1
            log.warning("alert_ping_failed", error=sent.error)
        return True
