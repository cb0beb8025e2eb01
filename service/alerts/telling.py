"""Sends what waits: one task for each target, so that a slow one holds up nobody else."""

from collections.abc import Callable
from datetime import datetime

import anyio
import anyio.to_thread
import structlog

from schema.alerts import DeliveryError
from service.alerts.deliveries import settle
from service.alerts.outbox import Outbox
from service.alerts.senders import Sender
from service.alerts.senders.sent import Sent
from service.alerts.targets import Target

ATTEMPT_S = 20.0  # of one attempt
POLL_S = 5.0  # how soon a delivery whose wait is over is looked for

log = structlog.get_logger()


class Teller:
    """Tells one target what waits for it.

    Args:
        target: Whom.
        sender: How.
        outbox: What.
        now: The wall clock.

    Attributes:
        sent: How many deliveries the target took from this process.
        failed: By word, how many attempts failed.
    """

    def __init__(
        self, target: Target, sender: Sender, outbox: Outbox, now: Callable[[], datetime]
    ) -> None:
        self.target = target
        self.sent = 0
        self.failed: dict[DeliveryError, int] = {}
        self._sender = sender
        self._outbox = outbox
        self._now = now
        self._news = anyio.Event()
        self._lane = anyio.CapacityLimiter(1)  # an attempt that hangs is not joined by others

    def wake(self) -> None:
        """Say that something may wait."""
        self._news.set()

    async def run(self) -> None:
        """Tell, until cancelled; a defect ends one attempt, and no more."""
        while True:
            with anyio.move_on_after(POLL_S):
                await self._news.wait()
            self._news = anyio.Event()
            try:
                while await self.tell():
                    pass
            except Exception:  # must not take down the API's answers
                log.exception("alerts_defect")

    async def tell(self) -> bool:
        """Send the next delivery that is due; gives False if there is none."""
        delivery = await self._outbox.claim(self.target.id)
        if delivery is None:
            return False
        sent = Sent(DeliveryError.TIMEOUT)
        with anyio.move_on_after(ATTEMPT_S):
            sent = await anyio.to_thread.run_sync(
                self._sender.send, delivery.said, abandon_on_cancel=True, limiter=self._lane
            )
        settled = settle(delivery, sent, self._now())
        self._count(sent)
        about = {
            "target": self.target.name,
            "kind": delivery.said.kind,
            "alert": str(delivery.said.alert_id),
            "attempts": delivery.attempts,
        }
        if sent.error is None:
            log.info("alert_delivered", **about)
        elif settled.delivery.dead is not None:
            log.error("alert_given_up", error=settled.delivery.error, **about)
        else:
            wait_s = round(settled.wait_s, 1)
            log.warning("alert_not_delivered", error=sent.error, retry_in_s=wait_s, **about)
        await self._outbox.settle(settled)
        return True

    def _count(self, sent: Sent) -> None:
        if sent.error is None:
            self.sent += 1
        else:
            self.failed[sent.error] = self.failed.get(sent.error, 0) + 1
