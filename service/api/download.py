"""Formats of a download of history: CSV, and one JSON object per line."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_json

FIELDS = ("source", "slot", "stamp", "interval_seconds", "error", "attempts", "latency_ms")
"""The columns: attributes of `schema.history.Record`, and of a row of the beats."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A format of a download.

    Attributes:
        media_type: Its Content-Type.
        suffix: The end of the file's name.
        head: The text before the first beat.
        lines: Formats some beats.
        example: One beat.
    """

    media_type: str
    suffix: str
    head: bytes
    lines: Callable[[Sequence[Any]], bytes]
    example: str


def _csv(beats: Sequence[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_shown(getattr(beat, each)) for each in FIELDS] for beat in beats)
    return text.getvalue().encode()


def _shown(value: object) -> object:
    """Format a timestamp as in JSON; CSV has no null, so None becomes an empty field."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _ndjson(beats: Sequence[Any]) -> bytes:
    return b"".join(
        to_json({each: getattr(beat, each) for each in FIELDS}) + b"\n" for beat in beats
    )


CSV = Format(
    media_type="text/csv; charset=utf-8; header=present",  # RFC 4180
    suffix="csv",
    head=(",".join(FIELDS) + "\r\n").encode(),
    lines=_csv,
    example="postgres,2026-11-24T21:03:00Z,2026-11-24T21:03:13.072859Z,60.0,,1,1.94\r\n",
)
NDJSON = Format(
    media_type="application/x-ndjson",  # https://github.com/ndjson/ndjson-spec
    suffix="ndjson",
    head=b"",
    lines=_ndjson,
    example='{"source":"postgres","slot":"2026-11-24T21:03:00Z","stamp":"2026-11-24T21:03:13'
    '.072859Z","interval_seconds":60.0,"error":null,"attempts":1,"latency_ms":1.94}\n',
)
