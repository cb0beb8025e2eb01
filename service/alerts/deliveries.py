"""Deliveries: one event for one target, and what follows from an attempt."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from schema.alerts import AlertEvent, DeliveryError, EventKind
from service.alerts.context import AlertContext
from service.alerts.events import Event
from service.alerts.senders.result import SendResult
from service.alerts.targets import Target
from service.alerts.topics import graver

RETRY_FIRST_S = 5.0  # three times as long after each attempt
RETRY_MOST_S = 300.0
RETRY_GROWTH = 3.0
JITTER = 0.2
ATTEMPTS_MOST = 291  # which add up to a day; counted, because our clock may step
REJECTED_MOST = 6  # attempts, some 10 minutes: a receiver that is being deployed may say 404


@validated(frozen=True, config=ConfigDict(populate_by_name=True))
class Delivery:
    """One event for one target; stored as a row, or as JSON in Valkey.

    Attributes:
        event: The event.
        target: The target's id.
        created: When it was decided.
        attempts: How often it was tried.
        delivered: When the target took it, None while it has not.
        dead: When it was given up.
        error: Why the last attempt failed.
    """

    event: Annotated[AlertEvent, Field(validation_alias="said", serialization_alias="said")]
    target: str
    created: AwareDatetime
    attempts: int = 0
    delivered: AwareDatetime | None = None
    dead: AwareDatetime | None = None
    error: DeliveryError | None = None

    @property
    def key(self) -> tuple[UUID, str]:
        """Its identity."""
        return self.event.id, self.target

    @property
    def waits(self) -> bool:
        """Whether it still has to be sent."""
        return self.delivered is None and self.dead is None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of an attempt.

    Attributes:
        delivery: Its new state.
        wait_s: Seconds until the next attempt, 0 if there is none.
    """

    delivery: Delivery
    wait_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverySummary:
    """The state of a target's deliveries.

    Attributes:
        waiting: How many wait to be sent.
        oldest: Since when the oldest of them waits.
        dead: How many were given up in the last day.
        delivered: When the last one was accepted.
        errors: Why attempts failed, for those that wait or were given up.
    """

    waiting: int = 0
    oldest: datetime | None = None
    dead: int = 0
    delivered: datetime | None = None
    errors: Sequence[str] = ()


def fan_out(events: Sequence[Event], context: AlertContext, now: datetime) -> list[Delivery]:
    """Create a delivery for each event and each target that wants it, in order.

    Args:
        events: The events.
        context: The deployment, with its targets.
        now: The time of the decision.
    """
    return [
        Delivery(event=_complete(event.content, context), target=target.id, created=now)
        for event in events
        for target in context.targets
        if _wants(target, event, context.default_repeat_s)
    ]


def settle(delivery: Delivery, sent: SendResult, now: datetime) -> Settlement:
    """Update a delivery after an attempt.

    Args:
        delivery: The claimed delivery, including this attempt.
        sent: The attempt's result.
        now: The wall clock.
    """
    if sent.error is None:
        return Settlement(replace(delivery, delivered=now, error=None))
    failed = replace(delivery, error=sent.error)
    hopeless = sent.error is DeliveryError.REFUSED or (
        sent.error is DeliveryError.REJECTED and delivery.attempts >= REJECTED_MOST
    )
    if hopeless:
        return Settlement(replace(failed, dead=now))
    if delivery.attempts >= ATTEMPTS_MOST:
        return Settlement(replace(failed, dead=now, error=DeliveryError.EXPIRED))
    wait_s = RETRY_FIRST_S * RETRY_GROWTH ** min(delivery.attempts - 1, 20)
    wait_s = min(wait_s, RETRY_MOST_S) * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    return Settlement(failed, max(wait_s, sent.retry_after_s or 0.0))


def _complete(event: AlertEvent, context: AlertContext) -> AlertEvent:
    page = context.page_url
    runbook_url = f"{page}/docs/runbook#{event.runbook}" if page else None
    about = {"deployment": context.deployment, "page_url": page, "runbook_url": runbook_url}
    return event.model_copy(update=about)


def _wants(target: Target, event: Event, default_repeat_s: float) -> bool:
    kind = event.content.kind
    if kind is EventKind.TEST:
        return True
    if graver(target.severity, event.content.severity):
        return False
    if kind is EventKind.REFRESHED:
        return target.forgets
    if kind is EventKind.REMINDED:
        wanted_s = default_repeat_s if target.repeat_s is None else target.repeat_s
        # Receivers that forget remind by themselves.
        return not target.forgets and event.repeat_s == wanted_s
    return True
