"""The decider: the holder of PostgreSQL's lease, else of Valkey's, else every process."""

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import structlog

from schema.heartbeat import Standing
from service.alerts.ledger import Ledger, Stood
from service.alerts.mutes import Mute
from service.alerts.outbox import STORE_S, tried
from service.alerts.spill import Spill
from service.alerts.state import State, merged
from service.errors import SourceError
from service.lease.standing import standing

RETRY_S = (
    5.0  # delay until an unavailable PostgreSQL is tried again, which may take STORE_S each time
)
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

    def learn(self, stood: Stood) -> None:
        """Apply a store's state; if two states diverged, no alert is lost."""
        if not stood.leads:  # the leader's state is newer
            self.seq, self.state = stood.seq, stood.state
        elif stood.seq > self.seq:
            self.seq, self.state = stood.seq, merged(stood.state, self.state)
        else:
            self.state = merged(self.state, stood.state)


@dataclass(frozen=True, slots=True)
class Stores:
    """Where alerts are kept.

    Attributes:
        ledger: PostgreSQL, None if there is none.
        spill: Valkey, None if there is none.
    """

    ledger: Ledger | None
    spill: Spill | None


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

    async def stand(self) -> Standing:
        """Take or renew the lease, and load the state."""
        stands = await self._stand()
        if stands is not self.standing:
            log.info("alerts_standing", standing=str(stands))
            self.standing = stands
        return stands

    async def release(self) -> None:
        """Release the lease, so that another process decides immediately."""
        ledger, spill, holder = self._ledger, self._spill, self.holder
        if ledger is not None and self.standing is Standing.DATABASE:
            await tried(lambda: ledger.release(holder), None)
        if spill is not None and self.standing is not Standing.STANDBY:
            await tried(lambda: spill.release(holder), None)

    def lost_database(self) -> None:
        """Note that PostgreSQL did not take the decisions."""
        self.database_there = False
        self._ask_at = self._clock() + RETRY_S

    async def _stand(self) -> Standing:
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

    async def _by_database(self) -> Stood | None:
        if self._ledger is None or self._clock() < self._ask_at:
            return None
        try:
            with anyio.fail_after(STORE_S):
                stood = await self._ledger.stand(self.holder, self._lease_s)
        except (SourceError, TimeoutError):
            self.lost_database()
            return None
        self._memory.saved_seq = stood.seq
        self._memory.learn(stood)
        return stood

    async def _by_valkey(self, *, overrides: bool) -> Stood | None:
        if self._spill is None:
            return None
        spill, holder, lease_s = self._spill, self.holder, self._lease_s
        stood = await tried(lambda: spill.stand(holder, lease_s, overrides=overrides), None)
        if stood is not None:
            self._memory.learn(stood)
        return stood
