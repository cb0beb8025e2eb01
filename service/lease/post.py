"""What one process alone shall do, and which process we are."""

from dataclasses import dataclass

from service.lease.terms import Terms


@dataclass(frozen=True, slots=True)
class Post:
    """A post that one of several processes fills.

    Attributes:
        name: `HEARTBEAT_NAME`.
        what: What is done there; processes that differ in this do not stand by for each other.
        holder: Who we are.
        terms: How long a lease lasts, and how often it is looked after.
    """

    name: str
    what: str
    holder: str
    terms: Terms
