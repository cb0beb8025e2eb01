"""Heartbeat's stamp in a secret: the document in its description, the keys in its value."""

import json

from pydantic import BaseModel, ConfigDict, ValidationError

from schema.freshness import DEFAULT_INTERVAL_S
from schema.heartbeat import Heartbeat, Interval, Label, WorkerReport
from schema.json_text import is_json, object_members, with_keys
from schema.timestamps import Moment, Timestamp, from_text, to_text

DESCRIPTION_LIMIT = 2048  # characters, UpdateSecret's own


class Description(BaseModel):
    """The secret's description: stamp, author, and as much of the report as fits."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    updated_at: Moment
    updated_by: Label
    interval_seconds: Interval = DEFAULT_INTERVAL_S
    note: str | None = None
    """The text that was there before Heartbeat's first stamp."""
    report: WorkerReport | None = None

    @classmethod
    def of(cls, heartbeat: Heartbeat, note: str | None) -> "Description":
        """Create the document of one stamp."""
        return cls(
            updated_at=heartbeat.timestamp,
            updated_by=heartbeat.name,
            interval_seconds=heartbeat.interval_seconds,
            note=note,
            report=heartbeat.report,
        )

    @classmethod
    def from_text(cls, text: str) -> "Description | None":
        """Parse a description; None if it is a person's own text."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None

    def to_text(self) -> str:
        """Format it as compact JSON within AWS's limit.

        The brief report is shortened to fit: without its sources, or left out.

        Raises:
            ValueError: The note alone is too long.
        """
        brief = self.report.brief if self.report else None
        short = brief.model_copy(update={"sources": {}}) if brief else None
        for report in (brief, short, None):
            document = self.model_copy(update={"report": report})
            text = document.model_dump_json(exclude_none=True, exclude_defaults=True)
            if len(text) <= DESCRIPTION_LIMIT:
                return text
        msg = "the secret's own description leaves no room for a stamp: cut it to 1,800 characters"
        raise ValueError(msg)


def merged_value(value: str, heartbeat: Heartbeat) -> str:
    """Set the stamp in a secret's value, and keep every other byte of it.

    Args:
        value: The stored value. JSON that is not an object, and plain text, go under `value`.
        heartbeat: The stamp.

    Raises:
        ValueError: The value looks like a JSON object and is not one, so that nothing can be added
            without breaking it for its other readers.
    """
    ours = {"updated_at": to_text(heartbeat.timestamp), "updated_by": heartbeat.name}
    if value.lstrip(" \t\r\n\ufeff").startswith("{"):
        return with_keys(value, ours)
    kept = value if is_json(value) else json.dumps(value, ensure_ascii=False)
    return with_keys(f'{{"value": {kept}}}', ours)


def stamp_in_value(value: str) -> Timestamp | None:
    """Read the stamp inside a secret's value, None if there is no valid one."""
    try:
        texts = [
            value[each.value_start : each.end]
            for each in object_members(value)
            if each.key == "updated_at"
        ]
        stamp = json.loads(texts[-1]) if texts else None  # of repeated keys the last one counts
    except (ValueError, RecursionError):
        return None
    return from_text(stamp) if isinstance(stamp, str) else None
