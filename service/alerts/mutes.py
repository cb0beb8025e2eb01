"""Mutes: times in which no alerts are sent."""

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
    """A time in which no alerts are sent.

    Attributes:
        id: Its identity.
        sources: The muted sources; empty for all.
        reason: The reason, for people.
        began: Its start.
        until: Its end; unmuting moves it forward.
    """

    id: UUID
    sources: tuple[str, ...]
    reason: Annotated[str, Field(max_length=REASON_MAX)]
    began: Timestamp
    until: Timestamp


MUTE = TypeAdapter(Mute)
"""Parses and prints a mute as JSON."""


def active(mutes: Iterable[Mute], now: datetime) -> list[Mute]:
    """Return the active mutes; if two stores have the same one, its earlier end counts."""
    known: dict[UUID, Mute] = {}
    for mute in mutes:
        other = known.get(mute.id, mute)
        known[mute.id] = replace(mute, until=min(mute.until, other.until))
    return sorted((m for m in known.values() if m.until > now), key=lambda mute: mute.until)


def is_muted(mutes: Sequence[Mute], sources: Sequence[str]) -> bool:
    """Tell whether alerts about these sources are muted: by one mute for all, or each by any."""
    if any(not mute.sources for mute in mutes):
        return True
    named = {source for mute in mutes for source in mute.sources}
    return bool(sources) and named.issuperset(sources)
