"""The decider: the holder of PostgreSQL's lease, else of Valkey's, else every process."""

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import structlog

from schema.heartbeat import Standing
from service.alerts.ledger import Ledger
from service.alerts.mutes import Mute
from service.alerts.outbox import STORE_S, try_store
from service.alerts.spill import Spill
from service.alerts.state import LeaseState, State, merged
from service.errors import SourceError
from service.lease.standing import standing

RETRY_S = 5.0  # pause after PostgreSQL was unavailable: each attempt may take STORE_S
MARGIN_S = 5.0
CALM_LOOKS = 2.0  # the lease lasts for so many looks

log = structlog.get_logger()


@dataclass
class Memory:
    """This process's copy of the stored state.

    Attributes:
        seq: The state's number.
        state: The state.
        saved_seq: The number of PostgreSQL's state.
        mutes: The mutes known to any store.
    """

    seq: int = 0
    state: State = field(default_factory=State)
    saved_seq: int = 0
    mutes: tuple[Mute, ...] = ()

    def learn(self, found: LeaseState) -> None:
        """Apply a store's state; if two states diverged, no alert is lost."""
        if not found.leads:  # the leader's state is newer
            self.seq, self.state = found.seq, found.state
        elif found.seq > self.seq:
            self.seq, self.state = found.seq, merged(found.state, self.state)
        else:
            self.state = merged(self.state, found.state)


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of alerts.

    Attributes:
        ledger: PostgreSQL, None if there is none.
        spill: Valkey; without one it never answers.
    """

    ledger: Ledger | None
    spill: Spill


class Lease:
    """One process's claim to decide.

    Args:
        holder: This process's id.
        stores: The stores of leases.
        memory: Takes the stores' state.
        calm_s: The longest time between two looks.
        clock: Monotonic seconds.

    Attributes:
        standing: This process's last standing.
        database_there: Whether PostgreSQL answered then.
    """

    def __init__(
        self,
        holder: str,
        stores: Stores,
        memory: Memory,
        calm_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.holder = holder
        self.standing = Standing.STANDBY
        self.database_there = False
        self._ledger = stores.ledger
        self._spill = stores.spill
        self._memory = memory
        self._lease_s = CALM_LOOKS * calm_s + MARGIN_S
        self._clock = clock
        self._ask_at = 0.0

    async def claim(self) -> Standing:
        """Claim or renew the lease, and load the state."""
        standing_now = await self._claim()
        if standing_now is not self.standing:
            log.info("alerts_standing", standing=str(standing_now))
            self.standing = standing_now
        return standing_now

    async def release(self) -> None:
        """Release the lease, so that another process decides immediately."""
        ledger, holder = self._ledger, self.holder
        if ledger is not None and self.standing is Standing.DATABASE:
            await try_store(lambda: ledger.release(holder), None)
        if self.standing is not Standing.STANDBY:
            await try_store(lambda: self._spill.release(holder), None)

    def lost_database(self) -> None:
        """Note that PostgreSQL did not take the decisions."""
        self.database_there = False
        self._ask_at = self._clock() + RETRY_S

    async def _claim(self) -> Standing:
        first = await self._by_database()
        self.database_there = first is not None
        if first is not None and not first.leads:
            self._memory.mutes = tuple(first.mutes)
            return Standing.STANDBY
        second = await self._by_valkey(overrides=first is not None)
        mutes = [*(first.mutes if first else ()), *(second.mutes if second else ())]
        if first is not None or second is not None:  # else the last known state is still valid
            self._memory.mutes = tuple(mutes)
        return standing(first.leads if first else None, second.leads if second else None)

    async def _by_database(self) -> LeaseState | None:
        if self._ledger is None or self._clock() < self._ask_at:
            return None
        try:
            with anyio.fail_after(STORE_S):
                found = await self._ledger.claim_lease(self.holder, self._lease_s)
        except (SourceError, TimeoutError):
            self.lost_database()
            return None
        self._memory.saved_seq = found.seq
        self._memory.learn(found)
        return found

    async def _by_valkey(self, *, overrides: bool) -> LeaseState | None:
        found = await try_store(
            lambda: self._spill.claim_lease(self.holder, self._lease_s, overrides=overrides), None
        )
        if found is not None:
            self._memory.learn(found)
        return found
