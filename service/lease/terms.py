"""How long a lease lasts, and how often it is looked after."""

from dataclasses import dataclass

RENEWALS = 2  # of the leader, in an interval
RENEW_MOST_S = 30.0  # however long the interval is
RENEW_LEAST_S = 0.1  # however short
LASTS_RENEWALS = 1.5  # a renewal may be late by half of the time to the next one
POLL_MOST_S = 1.0  # of a standby: so soon does it see that the leader has gone in order
POLLS = 10  # in an interval, where that is short
ASK_MOST_S = 2.0  # a write waits no longer to be told that it may still be done
RETRY_S = 5.0  # how soon stores that did not answer are asked again


@dataclass(frozen=True, slots=True)
class Terms:
    """The times of one lease; a dead leader's ends, and is seen to, within one interval.

    Attributes:
        lease_s: How long it lasts from each renewal on.
        renew_s: How often a leader renews it, and a standby says that it is there.
        poll_s: How often a standby looks whether it is free.
        ask_s: How long a write waits to be told that it may still be done.
    """

    lease_s: float
    renew_s: float
    poll_s: float
    ask_s: float

    @classmethod
    def of(cls, interval_s: float) -> "Terms":
        """The times for a work that is due in intervals."""
        renew_s = min(max(interval_s / RENEWALS, RENEW_LEAST_S), RENEW_MOST_S)
        return cls(
            lease_s=renew_s * LASTS_RENEWALS,
            renew_s=renew_s,
            poll_s=min(interval_s / POLLS, POLL_MOST_S),
            ask_s=min(interval_s / POLLS, ASK_MOST_S),
        )
