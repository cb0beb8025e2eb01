"""Alerts in Valkey, while PostgreSQL is down."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from schema.errors import ErrorWord
from service.alerts.deliveries import Delivery
from service.alerts.mutes import MUTE, Mute
from service.alerts.state import Alert, LeaseState, State
from service.errors import SourceError
from service.source import Keys

T = TypeVar("T")
DELIVERY: TypeAdapter[Delivery] = TypeAdapter(Delivery)
ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
SLOW_S = 1.0  # a failure that took longer counts as a delay
RETRY_S = 5.0  # pause after such a delay
MUTE_KEPT_S = 7 * 86400  # after the last mute was set

# Takes or renews the lease, unless another process holds it and need not give way. Returns whether
# it did, and the state.
STAND = """
local holder = redis.call('GET', KEYS[1])
local mine = not holder or holder == ARGV[1] or ARGV[3] == '1'
if mine then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return {mine and 1 or 0, redis.call('GET', KEYS[2]), redis.call('HVALS', KEYS[3])}
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class _Saved(BaseModel):
    """The state and its number."""

    seq: int
    state: State


class Spill:
    """One deployment's alerts.

    Args:
        keys: The Valkey.
        name: `HEARTBEAT_NAME`.
        clock: Monotonic seconds.

    Every method raises SourceError if Valkey cannot be read or written.
    """

    def __init__(self, keys: Keys, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._ask_at = float("-inf")
        self._lease = f"{name}:alerts:lease"
        self._state = f"{name}:alerts:state"
        self._waiting = f"{name}:alerts:waiting"
        self._mutes = f"{name}:alerts:mutes"
        self._left = f"{name}:alerts:left"

    async def claim_lease(self, holder: str, lease_s: float, *, overrides: bool) -> LeaseState:
        """Take or renew the lease, and read the state.

        Args:
            holder: This process's id.
            lease_s: Its duration.
            overrides: Whether to replace another's lease, because we hold PostgreSQL's.
        """
        keys = [self._lease, self._state, self._mutes]
        arguments: list[Any] = [holder, max(1, int(lease_s * 1000)), int(overrides)]
        async with self._commands() as client:
            leads, saved, mutes = await client.eval(STAND, len(keys), *keys, *arguments)
        found = _saved(saved)
        return LeaseState(
            leads=bool(leads), seq=found.seq, state=found.state, mutes=_mutes_of(mutes)
        )

    async def peek(self) -> State:
        """Read the state."""
        async with self._commands() as client:
            return _saved(await client.get(self._state)).state

    async def release(self, holder: str) -> None:
        """Release the lease, so that another process can take it immediately."""
        async with self._commands() as client:
            await client.eval(RELEASE, 1, self._lease, holder)

    async def save(self, seq: int, state: State) -> None:
        """Write the state."""
        async with self._commands() as client:
            await client.set(self._state, _Saved(seq=seq, state=state).model_dump_json())

    async def put(self, deliveries: Sequence[Delivery]) -> None:
        """Keep deliveries and their results, until PostgreSQL has them."""
        # Any: redis-py's mapping is invariant
        entries: dict[Any, Any] = {
            _field(d): DELIVERY.dump_json(d, by_alias=True).decode() for d in deliveries
        }
        if entries:
            async with self._commands() as client:
                await client.hset(self._waiting, mapping=entries)

    async def all(self) -> list[Delivery]:
        """Return all kept deliveries, in the order of their decisions."""
        async with self._commands() as client:
            texts = await client.hvals(self._waiting)
        return sorted(_valid(DELIVERY, texts), key=lambda delivery: delivery.created)

    async def remove(self, deliveries: Sequence[Delivery]) -> None:
        """Remove deliveries that PostgreSQL has, or that are no longer needed."""
        if deliveries:
            async with self._commands() as client:
                await client.hdel(self._waiting, *map(_field, deliveries))

    async def leave(self, alerts: Sequence[Alert]) -> None:
        """Leave alerts that only this process knows to the decider."""
        entries: dict[Any, Any] = {str(alert.id): alert.model_dump_json() for alert in alerts}
        async with self._commands() as client:
            await client.hset(self._left, mapping=entries)

    async def left(self) -> list[Alert]:
        """Return the alerts that other processes left to the decider."""
        async with self._commands() as client:
            return _valid(ALERT, await client.hvals(self._left))

    async def adopt(self, alerts: Sequence[Alert]) -> None:
        """Remove alerts that the decider has stored."""
        async with self._commands() as client:
            await client.hdel(self._left, *(str(alert.id) for alert in alerts))

    async def mute(self, mute: Mute) -> None:
        """Add a mute, or move its end forward."""
        async with self._commands() as client:
            await client.hset(self._mutes, str(mute.id), MUTE.dump_json(mute).decode())
            await client.expire(self._mutes, MUTE_KEPT_S)

    async def mutes(self) -> list[Mute]:
        """Return all kept mutes, including ended ones."""
        async with self._commands() as client:
            return _mutes_of(await client.hvals(self._mutes))

    @asynccontextmanager
    async def _commands(self) -> AsyncIterator[Any]:  # Any: redis-py's client, as Keys gives it
        """Use Valkey, unless it has just caused a delay: a look uses it several times."""
        began = self._clock()
        if began < self._ask_at:
            raise SourceError(ErrorWord.TIMEOUT, "it was too slow a moment ago")
        try:
            async with self._keys.commands() as client:
                yield client
        except BaseException:  # a cancellation too: that is how a caller gives up
            if self._clock() - began >= SLOW_S:
                self._ask_at = self._clock() + RETRY_S
            raise


def _field(delivery: Delivery) -> str:
    return f"{delivery.event.id}:{delivery.target}"


def _saved(text: str | bytes | None) -> _Saved:
    try:
        return _Saved.model_validate_json(text or "")
    except ValidationError:
        return _Saved(seq=0, state=State())


def _valid(entries: TypeAdapter[T], texts: Sequence[str | bytes]) -> list[T]:
    """Parse entries; leave out those that are not ours, which do no harm."""
    found = []
    for text in texts:
        try:
            found.append(entries.validate_json(text))
        except ValidationError:
            continue
    return found


def _mutes_of(texts: Sequence[str | bytes]) -> list[Mute]:
    return list({mute.id: mute for mute in _valid(MUTE, texts)}.values())
