"""The response of `/incidents`."""

from enum import StrEnum

from schema.errors import ErrorWord
from schema.response import Response
from schema.timestamps import Timestamp


class IncidentKind(StrEnum):
    """Whether writes failed, or nothing was recorded."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    PROMOTED = "promoted"
    """A moment at which another server took over; it is not a downtime by itself."""


class Incident(Response):
    """A span in which a source was not ok, or in which nothing was recorded."""

    id: str
    """Its id, which is also its address on the page."""
    kind: IncidentKind
    source: str
    """`worker` where nothing was recorded."""
    title: str
    start: Timestamp
    end: Timestamp | None
    """None while it lasts."""
    error: ErrorWord | None
    """The first failure's word; None where nothing was recorded."""
    beats_missed: int


class Incidents(Response):
    """The incidents that touch a window, newest first."""

    start: Timestamp
    end: Timestamp
    as_of: Timestamp
    """The server's clock when this was read."""
    total: int
    """The number of incidents; the list may be shorter."""
    longest: Incident | None
    """None if there is none."""
    incidents: list[Incident]
