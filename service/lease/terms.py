"""Duration and renewal of leases."""

from dataclasses import dataclass

RENEWALS = 2  # renewals by the leader per interval
RENEW_MOST_S = 30.0  # at most, for long intervals
RENEW_LEAST_S = 1.0  # at least, for short ones: a renewal costs what a write costs
LASTS_RENEWALS = 1.5  # a renewal may be late by half a period
POLL_MOST_S = 1.0  # poll of a standby: the delay after a leader's graceful end
POLLS = 10  # polls per interval, if that is short
ASK_MOST_S = 2.0  # the longest that a write waits for the confirmation of the lease
RETRY_S = 5.0  # delay until stores that did not answer are queried again


@dataclass(frozen=True, slots=True)
class Terms:
    """The times of one lease; a dead leader is replaced within one interval, or within two seconds.

    Attributes:
        lease_s: Its duration from each renewal.
        renew_s: Seconds between renewals by the leader, and registrations of a standby.
        poll_s: Seconds between a standby's checks whether it is free.
        ask_s: The longest that a write waits for the confirmation of the lease.
    """

    lease_s: float
    renew_s: float
    poll_s: float
    ask_s: float

    @classmethod
    def of(cls, interval_s: float) -> "Terms":
        """Compute the times for a task with an interval."""
        renew_s = min(max(interval_s / RENEWALS, RENEW_LEAST_S), RENEW_MOST_S)
        return cls(
            lease_s=renew_s * LASTS_RENEWALS,
            renew_s=renew_s,
            poll_s=min(interval_s / POLLS, POLL_MOST_S),
            ask_s=min(interval_s / POLLS, ASK_MOST_S),
        )
