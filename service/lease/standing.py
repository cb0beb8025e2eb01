"""Derive a process's standing from the stores' answers; pure functions with time as an argument."""

import math
from dataclasses import dataclass

from schema.heartbeat import Standing


def standing(by_database: bool | None, by_valkey: bool | None) -> Standing:
    """Return a process's standing from both stores' answers; None means no answer."""
    if by_database is not None:
        return Standing.DATABASE if by_database else Standing.STANDBY
    if by_valkey is None:
        return Standing.ALONE
    return Standing.VALKEY if by_valkey else Standing.STANDBY


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A store's answer about a lease.

    Attributes:
        leads: Whether this process holds it now.
        token: The fencing token, which increases whenever another process takes the lease.
        holder: The process that holds it, None if none does.
        left_s: Remaining seconds of the lease, by the store's clock.
        standbys: Who stands by.
    """

    leads: bool
    token: int = 0
    holder: str | None = None
    left_s: float = 0.0
    standbys: tuple[str, ...] = ()


class LeaseView:
    """One process's knowledge of a lease.

    A store's answer is valid for the remaining time of the lease, even if the store does not answer
    any more, so that a short outage changes nothing. The clock continues while the process is
    paused, so that outdated knowledge ends.

    Attributes:
        standing: The process's standing; it leads before the first answer.
        token: The newest fencing token.
        holder: The leader, None if unknown.
        standbys: Who stands by.
    """

    def __init__(self) -> None:
        self.standing = Standing.ALONE
        self.token = 0
        self.holder: str | None = None
        self.standbys: tuple[str, ...] = ()
        self._theirs_until = -math.inf
        self._by_database = False  # whether their lease was reported by PostgreSQL
        self._asked: float | None = None

    @property
    def has_asked(self) -> bool:
        """Whether the stores have been queried at least once."""
        return self._asked is not None

    @property
    def leads(self) -> bool:
        """Whether the process does the task."""
        return self.standing is not Standing.STANDBY

    def asks_valkey(self, now: float, database: Answer | None) -> bool:
        """Tell whether to query Valkey in addition to PostgreSQL.

        The leader in PostgreSQL also takes the lease in Valkey, for an outage of PostgreSQL. Then
        PostgreSQL's last answer about another's lease stays valid until that ends, even if Valkey
        was emptied in the meantime.
        """
        if database is not None:
            return database.leads
        return not (self._by_database and now < self._theirs_until)

    def is_old(self, now: float, lease_s: float) -> bool:
        """Tell whether the last answer is so old that another process may have the lease."""
        return self._asked is not None and now - self._asked >= lease_s

    def learn(self, asked_at: float, database: Answer | None, valkey: Answer | None) -> None:
        """Apply the stores' answers.

        Args:
            asked_at: The time of the questions.
            database: PostgreSQL's answer, None if there was none.
            valkey: Valkey's, None if there was none or it was not queried.
        """
        self._asked = asked_at
        answer = database or valkey
        if answer is None and asked_at < self._theirs_until:
            return
        self.standing = standing(
            database.leads if database else None, valkey.leads if valkey else None
        )
        tokens = [each.token for each in (database, valkey) if each]
        self.token = max(self.token, *tokens, 0)
        self.holder = answer.holder if answer else None
        self.standbys = answer.standbys if answer else ()
        self._theirs_until = asked_at + answer.left_s if answer and not self.leads else -math.inf
        self._by_database = database is not None
