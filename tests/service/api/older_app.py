"""Compare responses with the recorded ones of the older app, on which its clients rely."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

RESPONSES = json.loads((Path(__file__).parents[1] / "older_app_responses.json").read_text())
REMOVED = {"secret_value"}  # it held the text of a secret


def differences(recorded: dict[str, Any], found: dict[str, Any], where: str = "") -> Iterator[str]:
    """Return each recorded field that is now missing or has another type."""
    for name, before in recorded.items():
        if name in REMOVED:
            continue
        if name not in found:
            yield f"{where}.{name} is missing"
        elif isinstance(before, dict):
            yield from differences(before, found[name], f"{where}.{name}")
        elif not isinstance(found[name], _types(before)):
            yield f"{where}.{name}: {found[name]!r} has another type than {before!r}"
        elif name.endswith(("_update", "_time", "_created", "_expiry")) and before:
            assert datetime.fromisoformat(found[name]).tzinfo is not None


def _types(value: object) -> type | tuple[type, ...]:
    if isinstance(value, bool):
        return bool
    return (int, float) if isinstance(value, int | float) else type(value)
