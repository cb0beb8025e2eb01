"""Alerts in PostgreSQL: lease, state, outbox and mutes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from schema.alerts import AlertEvent, RecentAlertEvent
from service.alerts.deliveries import Delivery, DeliverySummary, Settlement
from service.alerts.mutes import Mute
from service.alerts.state import LeaseState, State
from service.source import Database, Row
from service.sql import alerts as sql


class LostLeaseError(Exception):
    """Another process decides now; nothing was written."""


class Ledger:
    """One deployment's alerts.

    Args:
        database: The database.
        name: `HEARTBEAT_NAME`.

    Every method raises SourceError if PostgreSQL cannot be read or written.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    async def claim_lease(self, holder: str, lease_s: float) -> LeaseState:
        """Take or renew the lease, and read the state."""
        name = self._name
        async with self._database.connection() as connection:
            row = await connection.row(sql.STAND, of=name, who=holder, lease_s=lease_s)
            leads = row is not None
            if row is None:
                row = await connection.row(sql.LEASE, of=name)
            mutes = await connection.rows(sql.MUTES, of=name)
            return LeaseState(
                leads=leads,
                seq=row.seq,
                state=_state(row.state),
                mutes=[_mute(each) for each in mutes],
            )

    async def peek(self) -> State:
        """Read the state."""
        async with self._database.connection() as connection:
            row = await connection.row(sql.LEASE, of=self._name)
        return _state(row.state) if row else State()

    async def release(self, holder: str) -> None:
        """Release the lease, so that another process can take it immediately."""
        async with self._database.connection() as connection:
            await connection.change(sql.RELEASE, of=self._name, who=holder)

    async def save(
        self, holder: str, known: int, new: int, state: State, deliveries: Sequence[Delivery] = ()
    ) -> None:
        """Write state and deliveries, in one transaction.

        Args:
            holder: This process's id.
            known: The number of the state that was read.
            new: The new number.
            state: What to remember.
            deliveries: The new deliveries.

        Raises:
            LostLeaseError: Another process decides now.
        """
        lease = {"of": self._name, "who": holder, "known": known, "new": new}
        async with self._database.connection(transaction=True) as connection:
            if not await connection.change(sql.SAVE, **lease, doc=state.model_dump_json()):
                raise LostLeaseError
            await connection.change_each(sql.MERGE, [self._row(each) for each in deliveries])

    async def merge(self, deliveries: Sequence[Delivery]) -> None:
        """Add deliveries that PostgreSQL does not have, with their results."""
        async with self._database.connection(transaction=True) as connection:
            await connection.change_each(sql.MERGE, [self._row(each) for each in deliveries])

    async def claim(self, target: str, lease_s: float) -> Delivery | None:
        """Claim the next delivery for a target; no other process does while the claim lasts."""
        async with self._database.connection() as connection:
            row = await connection.row(sql.CLAIM, of=self._name, whom=target, lease_s=lease_s)
        return None if row is None else _delivery(row)

    async def settle(self, settled: Settlement) -> None:
        """Store the result of an attempt."""
        delivery = settled.delivery
        async with self._database.connection() as connection:
            await connection.change(
                sql.SETTLE,
                which=delivery.event.id,
                whom=delivery.target,
                wait_s=settled.wait_s,
                taken=delivery.delivered,
                given_up=delivery.dead,
                why=delivery.error,
            )

    async def waiting(self) -> list[Delivery]:
        """Return pending deliveries in order; those that waited too long are given up."""
        async with self._database.connection() as connection:
            await connection.change(sql.EXPIRE, of=self._name)
            return [_delivery(row) for row in await connection.rows(sql.WAITING, of=self._name)]

    async def summaries(self) -> dict[str, DeliverySummary]:
        """Return the state of deliveries, by target."""
        async with self._database.connection() as connection:
            return {
                row.target: DeliverySummary(
                    waiting=row.waiting,
                    oldest=row.oldest,
                    dead=row.dead,
                    delivered=row.delivered,
                    errors=sorted(set(row.errors or ())),
                )
                for row in await connection.rows(sql.TARGETS, of=self._name)
            }

    async def recent(self, since: datetime, most: int) -> list[RecentAlertEvent]:
        """Return the newest events, each with the last time that a target accepted it."""
        async with self._database.connection() as connection:
            rows = await connection.rows(sql.RECENT, of=self._name, since=since, most=most)
        return [_recent(row) for row in rows]

    async def resend(self) -> int:
        """Retry deliveries that were given up; return how many."""
        async with self._database.connection() as connection:
            return await connection.change(sql.RESEND, of=self._name)

    async def prune(self) -> None:
        """Remove deliveries that ended long ago."""
        async with self._database.connection() as connection:
            await connection.change(sql.PRUNE, of=self._name)

    async def mute(self, mute: Mute) -> None:
        """Add a mute, or move its end forward."""
        row = {
            "id": mute.id,
            "name": self._name,
            "sources": list(mute.sources),
            "reason": mute.reason,
            "began": mute.began,
            "until": mute.until,
        }
        async with self._database.connection() as connection:
            await connection.change(sql.MUTE, **row)

    async def mutes(self) -> list[Mute]:
        """Return the active mutes."""
        async with self._database.connection() as connection:
            return [_mute(row) for row in await connection.rows(sql.MUTES, of=self._name)]

    def _row(self, delivery: Delivery) -> dict[str, Any]:
        return {
            "event": delivery.event.id,
            "target": delivery.target,
            "name": self._name,
            "alert": delivery.event.alert_id,
            "said": delivery.event.model_dump_json(),
            "attempts": delivery.attempts,
            "delivered": delivery.delivered,
            "dead": delivery.dead,
            "error": delivery.error,
        }


def _state(document: str) -> State:  # which anybody could have written
    try:
        return State.model_validate_json(document)
    except ValidationError:
        return State()


def _delivery(row: Row) -> Delivery:
    return Delivery(
        event=AlertEvent.model_validate_json(row.said),
        target=row.target,
        created=row.created,
        attempts=row.attempts,
        delivered=row.delivered,
        dead=row.dead,
        error=row.error,
    )


def _recent(row: Row) -> RecentAlertEvent:
    event = AlertEvent.model_validate_json(row.said)
    names = RecentAlertEvent.model_fields.keys() - {"delivered"}
    shown = {name: getattr(event, name) for name in names}
    return RecentAlertEvent(**shown, delivered=row.delivered)


def _mute(row: Row) -> Mute:
    return Mute(
        id=row.id,
        sources=tuple(row.sources),
        reason=row.reason,
        began=row.began,
        until=row.until,
    )
