"""A task for one process, and the identity of this process."""

from dataclasses import dataclass

from service.lease.terms import Terms


@dataclass(frozen=True, slots=True)
class LeaseTask:
    """A task that one of several processes does.

    Attributes:
        name: `HEARTBEAT_NAME`.
        what: The task; processes with different tasks do not stand by for each other.
        holder: This process's id.
        terms: Duration and renewal of the lease.
    """

    name: str
    what: str
    holder: str
    terms: Terms
