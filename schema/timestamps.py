"""Timestamps as every part writes and reads them: aware UTC, microseconds, ISO 8601."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _to_utc(value: datetime) -> datetime:
    return value if value.tzinfo is UTC else value.astimezone(UTC)


Timestamp = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware datetime, normalised to UTC; naive values are refused."""


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def to_text(timestamp: datetime) -> str:
    """One timestamp in the one form that sorts as text: `2026-11-24T21:03:13.072859+00:00`."""
    return timestamp.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime | None:
    """The timestamp that a text holds.

    Args:
        text: Any ISO 8601 form, `Z` or an offset included.

    Returns:
        The aware UTC timestamp, or None if the text is no timestamp or names no zone.
    """
    try:
        timestamp = datetime.fromisoformat(text.strip())
        return None if timestamp.tzinfo is None else timestamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
