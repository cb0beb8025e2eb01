"""Deliver pending events: one task per target, so that a slow one delays no other."""

from collections.abc import Callable
from datetime import datetime

import anyio
import anyio.to_thread
import structlog

from schema.alerts import DeliveryError
from service.alerts.deliveries import settle
from service.alerts.outbox import Outbox
from service.alerts.senders import Sender
from service.alerts.senders.result import SendResult
from service.alerts.targets import Target

ATTEMPT_S = 20.0  # of one attempt
POLL_S = 5.0  # period of checks for deliveries that are due again

log = structlog.get_logger()


class Deliverer:
    """Delivers the pending events of one target.

    Args:
        target: The target.
        sender: Its sender.
        outbox: The deliveries.
        now: The wall clock.

    Attributes:
        sent: How many deliveries the target accepted from this process.
        failed: How many attempts failed, by word.
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
        self._woken = anyio.Event()
        # One thread: no further attempts beside one that hangs.
        self._lane = anyio.CapacityLimiter(1)

    def wake(self) -> None:
        """Signal that there may be something to deliver."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver, until cancelled; a defect ends only one attempt."""
        while True:
            with anyio.move_on_after(POLL_S):
                await self._woken.wait()
            self._woken = anyio.Event()
            try:
                while await self.deliver_next():
                    pass
            except Exception:  # must not end the API
                log.exception("alerts_defect")

    async def deliver_next(self) -> bool:
        """Send the next delivery that is due; return False if there is none."""
        delivery = await self._outbox.claim(self.target.id)
        if delivery is None:
            return False
        sent = SendResult(DeliveryError.TIMEOUT)
        with anyio.move_on_after(ATTEMPT_S):
            sent = await anyio.to_thread.run_sync(
                self._sender.send, delivery.event, abandon_on_cancel=True, limiter=self._lane
            )
        settled = settle(delivery, sent, self._now())
        self._count(sent)
        about = {
            "target": self.target.name,
            "kind": delivery.event.kind,
            "alert": str(delivery.event.alert_id),
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

    def _count(self, sent: SendResult) -> None:
        if sent.error is None:
            self.sent += 1
        else:
            self.failed[sent.error] = self.failed.get(sent.error, 0) + 1
