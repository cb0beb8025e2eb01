"""Set keys of a JSON object in its text, so that every other byte stays unchanged.

Parsing and printing would change the rest: `1.10` becomes `1.1`, `1e400` becomes `Infinity`, and a
repeated key is lost (RFC 8259 leaves all of these open).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object, by its position in the text.

    Attributes:
        key: The key, decoded.
        start: Where the key begins.
        value_start: Where the value begins.
        end: Where the value ends.
    """

    key: str
    start: int
    value_start: int
    end: int


def with_keys(text: str, keys: Mapping[str, str]) -> str:
    """Set keys in the text of a JSON object.

    An existing key gets its new value in place, and its repetitions are removed; a new key is
    appended.

    Args:
        text: A JSON object.
        keys: The new values; each becomes a JSON string.

    Raises:
        ValueError: The text is not a JSON object by RFC 8259, or is nested too deeply to read.
    """
    members = list(object_members(text))
    missing, pieces, copied = dict(keys), list[str](), 0
    for before, member in zip([None, *members], members, strict=False):
        if member.key not in keys:
            continue
        if member.key in missing:
            pieces += [text[copied : member.value_start], json.dumps(missing.pop(member.key))]
        elif before is not None:  # remove a repetition, with the comma before it
            pieces.append(text[copied : before.end])
        copied = member.end
    end = members[-1].end if members else text.index("{") + 1
    new = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in missing.items())
    comma = ", " if members and new else ""
    return "".join([*pieces, text[copied:end], comma, new, text[max(copied, end) :]])


def is_json(text: str) -> bool:
    """Tell whether a text is one JSON value by RFC 8259."""
    try:
        _, end = _DECODER.raw_decode(text, _after_space(text, 0))
    except (ValueError, RecursionError):
        return False
    return _after_space(text, end) == len(text)


def object_members(text: str) -> Iterator[Member]:
    """Find the members of a JSON object.

    Raises:
        ValueError: As for `with_keys`.
    """
    try:
        yield from _members(text)
    except RecursionError:
        msg = "the JSON is nested too deeply"
        raise ValueError(msg) from None


def _members(text: str) -> Iterator[Member]:
    place = _expect(text, _after_space(text, 0), "{")
    closed = text[place : place + 1] == "}"
    while not closed:
        start = place
        _expect(text, place, '"')
        key, place = _DECODER.raw_decode(text, place)
        value_start = _expect(text, _after_space(text, place), ":")
        _, end = _DECODER.raw_decode(text, value_start)
        yield Member(key, start, value_start, end)
        place = _after_space(text, end)
        closed = text[place : place + 1] == "}"
        if not closed:
            place = _expect(text, place, ",")
    if _after_space(text, place + 1) != len(text):
        msg = "there is text after the JSON object"
        raise ValueError(msg)


def _after_space(text: str, place: int) -> int:
    match = SPACE.match(text, place)
    return match.end() if match else place


def _expect(text: str, place: int, sign: str) -> int:
    """Return the position after a character and the white space behind it."""
    if text[place : place + 1] != sign:
        msg = f"{sign!r} is missing at character {place} of the JSON object"
        raise ValueError(msg)
    return _after_space(text, place + 1)


def _refuse(constant: str) -> float:
    msg = f"{constant} is not JSON"
    raise ValueError(msg)


# Numbers stay text: nothing is computed from them, and parsing a long one takes time.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse)
