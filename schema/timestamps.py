"""Timestamps in their one form: aware UTC, microseconds, ISO 8601."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)
"""The range of a stamp, far from the limits of Python's calendar: arithmetic cannot overflow."""


def _to_utc(value: datetime) -> datetime:
    try:
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    except OverflowError:
        msg = "its zone leads out of the calendar"
        raise ValueError(msg) from None


def _is_possible(value: datetime) -> datetime:
    if not is_possible(value):
        msg = f"a stamp must be in the years {EARLIEST.year} to {LATEST.year}"
        raise ValueError(msg)
    return value


Timestamp = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware datetime, normalised to UTC; naive values are refused."""

Moment = Annotated[Timestamp, AfterValidator(_is_possible)]
"""A `Timestamp` read from a store: in a range in which arithmetic cannot overflow."""


def is_possible(moment: datetime) -> bool:
    """Tell whether an aware datetime can be a stamp."""
    return EARLIEST <= moment <= LATEST


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def to_text(timestamp: datetime) -> str:
    """Format a timestamp so that it sorts as text: `2026-11-24T21:03:13.072859+00:00`."""
    return timestamp.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime | None:
    """Parse a timestamp.

    Args:
        text: Any ISO 8601 form, `Z` or an offset included.

    Returns:
        The aware UTC timestamp, or None if the text is not a timestamp, lacks a zone, or is out of
        range.
    """
    try:
        timestamp = datetime.fromisoformat(text.strip())
        utc = None if timestamp.tzinfo is None else timestamp.astimezone(UTC)
        return utc if utc is not None and is_possible(utc) else None
    except (ValueError, OverflowError):
        return None
