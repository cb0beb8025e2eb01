"""Every response still has the fields that it had in revision 58e0c7b, with their types."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.api.described import described

BEFORE: dict[str, Any] = json.loads(Path(__file__).with_name("earlier_responses.json").read_text())
PATHS: list[str] = BEFORE["paths"]
WORDS: dict[str, list[str]] = BEFORE["words"]
FIELDS: dict[str, dict[str, str]] = BEFORE["fields"]
# What a later version may also answer in a field; for each there was a reason.
WIDENED = {
    ("Incident", "error"): "ErrorWord | null",  # an incident can be a silence of the worker
    ("Ready", "schema_head"): "string | null",  # with a password, only whether it is ready
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return described().openapi()


def test_every_earlier_endpoint_is_still_there(document: dict[str, Any]) -> None:
    assert set(PATHS) <= set(document["paths"])


@pytest.mark.parametrize("name", WORDS)
def test_no_word_of_a_closed_set_was_removed(document: dict[str, Any], name: str) -> None:
    assert set(WORDS[name]) <= set(document["components"]["schemas"][name]["enum"])


@pytest.mark.parametrize("name", FIELDS)
def test_every_earlier_field_is_still_there_with_its_type(
    document: dict[str, Any], name: str
) -> None:
    properties = document["components"]["schemas"][name]["properties"]
    expected = {field: WIDENED.get((name, field), kind) for field, kind in FIELDS[name].items()}

    assert {field: _kind(properties[field]) for field in expected} == expected


def _kind(schema: dict[str, Any]) -> str:
    """Describe a field's type in one line."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if "additionalProperties" in schema:
        return f"map of {_kind(schema['additionalProperties'])}"
    return str(schema["type"])
