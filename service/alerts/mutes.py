"""Times in which nothing is told."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from schema.timestamps import Timestamp

REASON_MAX = 200


@dataclass(frozen=True)
class Mute:
    """A time in which nothing is told.

    Attributes:
        id: Tells it from others.
        sources: What it is about; empty for all.
        reason: Why, for people.
        began: Since when.
        until: Until when; unmuting brings it forward.
    """

    id: UUID
    sources: tuple[str, ...]
    reason: Annotated[str, Field(max_length=REASON_MAX)]
    began: Timestamp
    until: Timestamp


MUTE = TypeAdapter(Mute)
"""Reads and writes a mute as JSON."""


def active(mutes: Iterable[Mute], now: datetime) -> list[Mute]:
    """Those that hold now; of one that two stores know, the earlier end holds."""
    known: dict[UUID, Mute] = {}
    for mute in mutes:
        other = known.get(mute.id, mute)
        known[mute.id] = replace(mute, until=min(mute.until, other.until))
    return sorted((m for m in known.values() if m.until > now), key=lambda mute: mute.until)


def is_muted(mutes: Sequence[Mute], sources: Sequence[str]) -> bool:
    """Whether an alert about these sources is muted: by one for all, or each of them by any."""
    if any(not mute.sources for mute in mutes):
        return True
    named = {source for mute in mutes for source in mute.sources}
    return bool(sources) and named.issuperset(sources)
