"""What follows from what the stores say of a lease: pure, with time as an argument."""

import math
from dataclasses import dataclass

from schema.heartbeat import Standing


def standing(by_database: bool | None, by_valkey: bool | None) -> Standing:
    """Say how a process stands by what both stores said; None stands for no answer."""
    if by_database is not None:
        return Standing.DATABASE if by_database else Standing.STANDBY
    if by_valkey is None:
        return Standing.ALONE
    return Standing.VALKEY if by_valkey else Standing.STANDBY


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a store says of a lease.

    Attributes:
        leads: Whether we hold it now.
        token: The fencing token: it grows whenever another process takes the lease.
        holder: Who holds it, None if nobody does.
        left_s: How long its lease still lasts, by the store's clock.
        standbys: Who stands by.
    """

    leads: bool
    token: int = 0
    holder: str | None = None
    left_s: float = 0.0
    standbys: tuple[str, ...] = ()


class Known:
    """What one process knows of a lease.

    What a store said holds for as long as the lease that it told of, even if it does not answer
    any more: so a store's short absence moves nothing. A clock that runs on while the process is
    paused ends what it knew.

    Attributes:
        standing: How the process stands; it leads before the first answer.
        token: The newest fencing token.
        holder: Who leads, None if that is not known.
        standbys: Who stands by.
    """

    def __init__(self) -> None:
        self.standing = Standing.ALONE
        self.token = 0
        self.holder: str | None = None
        self.standbys: tuple[str, ...] = ()
        self._theirs_until = -math.inf
        self._by_database = False  # whether PostgreSQL told of their lease
        self._asked: float | None = None

    @property
    def leads(self) -> bool:
        """Whether the process does what the lease is for."""
        return self.standing is not Standing.STANDBY

    def asks_valkey(self, now: float, database: Answer | None) -> bool:
        """Whether Valkey is to be asked after PostgreSQL.

        Whoever leads by PostgreSQL leads in Valkey too, for when PostgreSQL goes. Where that has
        just gone, what it said of another's lease holds until that ends, even if Valkey was emptied
        meanwhile.
        """
        if database is not None:
            return database.leads
        return not (self._by_database and now < self._theirs_until)

    def is_old(self, now: float, lease_s: float) -> bool:
        """Whether nobody was asked for so long that another may have taken the lease since."""
        return self._asked is not None and now - self._asked >= lease_s

    def learn(self, asked: float, database: Answer | None, valkey: Answer | None) -> None:
        """Take over what the stores said.

        Args:
            asked: When they were asked.
            database: PostgreSQL's answer, None if there was none.
            valkey: Valkey's, None if there was none or it was not asked.
        """
        self._asked = asked
        said = database or valkey
        if said is None and asked < self._theirs_until:
            return
        self.standing = standing(
            database.leads if database else None, valkey.leads if valkey else None
        )
        tokens = [each.token for each in (database, valkey) if each]
        self.token = max(self.token, *tokens, 0)
        self.holder = said.holder if said else None
        self.standbys = said.standbys if said else ()
        self._theirs_until = asked + said.left_s if said and not self.leads else -math.inf
        self._by_database = database is not None
