"""What Heartbeat writes into a secret: the document in its description, the keys in its value."""

import json

from pydantic import BaseModel, ConfigDict, ValidationError

from schema.freshness import DEFAULT_INTERVAL_S
from schema.heartbeat import Heartbeat, WorkerReport
from schema.timestamps import Timestamp, from_text, to_text

DESCRIPTION_LIMIT = 2048  # characters, UpdateSecret's own


class Description(BaseModel):
    """The secret's description: stamp, author, and as much of the report as fits."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    updated_at: Timestamp
    updated_by: str
    interval_seconds: float = DEFAULT_INTERVAL_S
    note: str | None = None
    """What a person had written there before Heartbeat came."""
    report: WorkerReport | None = None

    @classmethod
    def of(cls, heartbeat: Heartbeat, note: str | None) -> "Description":
        """The document of one stamp."""
        return cls(
            updated_at=heartbeat.timestamp,
            updated_by=heartbeat.name,
            interval_seconds=heartbeat.interval_seconds,
            note=note,
            report=heartbeat.report,
        )

    @classmethod
    def from_text(cls, text: str) -> "Description | None":
        """The document in a description, None if it is a person's own text."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None

    def to_text(self) -> str:
        """Compact JSON within AWS's limit: the report goes without its sources, or goes.

        Raises:
            ValueError: The note alone is too long.
        """
        short = self.report.model_copy(update={"sources": {}}) if self.report else None
        for report in (self.report, short, None):
            document = self.model_copy(update={"report": report})
            text = document.model_dump_json(exclude_none=True, exclude_defaults=True)
            if len(text) <= DESCRIPTION_LIMIT:
                return text
        msg = "the secret's own description leaves no room for a stamp: cut it to 1,800 characters"
        raise ValueError(msg)


def merged_value(value: str, heartbeat: Heartbeat) -> str:
    """A secret's value with the stamp set and every other key kept.

    Args:
        value: What is stored; text that is no JSON object is kept under `value`.
        heartbeat: The stamp.
    """
    try:
        keys = json.loads(value)
    except ValueError:
        keys = value
    if not isinstance(keys, dict):
        keys = {"value": keys}
    keys |= {"updated_at": to_text(heartbeat.timestamp), "updated_by": heartbeat.name}
    return json.dumps(keys, ensure_ascii=False)


def stamp_in_value(value: str) -> Timestamp | None:
    """The stamp inside a secret's value, None if there is no valid one."""
    try:
        keys = json.loads(value)
    except ValueError:
        return None
    text = keys.get("updated_at") if isinstance(keys, dict) else None
    return from_text(text) if isinstance(text, str) else None
