"""Recognise values that were pasted wrongly, or that a tool has left unfilled."""

import json
import re
import unicodedata

# Placeholders of App Platform and Compose, Kubernetes, and templates.
REFERENCE = re.compile(r"\$\{[^{}\s]*\}")
UNFILLED = re.compile(r"\$\([\w.-]+\)|\{\{.*\}\}|<[^<>]+>|\$[A-Za-z_]\w*")
QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019", "\u201e": "\u201c"}
LINES = frozenset({"\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"})
ALSO_BLANK = "\ufeff\u200b\u200c\u200d\u2060"  # invisible characters that Python's `strip` leaves
# What scripts write for a value that they do not have, and programs for a secret that they hide.
ABSENT = frozenset({"null", "None", "undefined", "(null)", "[object Object]"})
MASKED = re.compile(r"[*\u2022\u25cf]{3,}")
ASSIGNMENT = re.compile(r"(?:export\s+|set\s+|\$env:)?([^\s=]+)\s*=")
SERVICE_LINK = "tcp://"  # Kubernetes sets such variables for every service


def stripped(value: str) -> str:
    """Remove white space around a value."""
    before = None
    while value != before:
        before, value = value, value.strip().strip(ALSO_BLANK)
    return value


def fault(name: str, value: str, *, secret: bool = False, lines: bool = False) -> str | None:
    """Describe what is wrong with a value, None if nothing is.

    Args:
        name: The variable that holds it.
        value: A value from `stripped`.
        secret: Whether it is a secret, so that no part of it is repeated.
        lines: Whether it may have several lines, as PEM has.
    """
    found = _unfilled(value, secret=secret) or _not_alone(name, value)
    return found if found or lines else _of_one_line(value)


def _unfilled(value: str, *, secret: bool) -> str | None:
    """Describe a placeholder that was given instead of a value."""
    reference = REFERENCE.search(value)
    if reference:
        what = "a reference" if secret else reference[0]
        return (
            f"it contains {what} that was not filled in: App Platform does so only for components "
            "and databases of the app that have that name"
        )
    if UNFILLED.fullmatch(value):
        what = "a reference or a placeholder" if secret else f"{value}, which is a placeholder"
        return f"it is {what}: give the value itself"
    if value in ABSENT:
        return "it is what a script writes where it has no value: give the value itself"
    if MASKED.fullmatch(value):
        return "a program has hidden it behind asterisks or dots: give the value itself"
    return None


def _not_alone(name: str, value: str) -> str | None:
    """Describe what was copied together with a value."""
    assigned = ASSIGNMENT.match(value)
    if assigned and assigned[1] == name:
        return "it begins with its own name: give only the part after the = sign"
    return "it is JSON: give the one value in it" if _is_json(value) else None


def _of_one_line(value: str) -> str | None:
    """Describe characters that a single-line value cannot hold."""
    if len(value) > 1 and QUOTES.get(value[0]) == value[-1]:
        return "the quotes around it are a part of it: leave them out, as env files keep them"
    if value.startswith(SERVICE_LINK):
        return (
            "it is what Kubernetes sets for a service of that name: set enableServiceLinks: false "
            "in the pod, and the value itself"
        )
    return _character(value)


def _is_json(value: str) -> bool:
    """Tell whether a value is an object or a list, as command lines print for machines."""
    if not value.startswith(("{", "[")):
        return False
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


def _character(value: str) -> str | None:
    """Return the first character that is not allowed in a value."""
    for each in value:
        if each in LINES:
            return "it contains a line break: give one line"
        if unicodedata.category(each) == "Cc":
            return f"it contains a control character (U+{ord(each):04X}): type it again"
        # Cf: zero-width blanks, marks of direction, soft hyphens. U+200D joins emoji in a title.
        if unicodedata.category(each) == "Cf" and each != "\u200d":
            return f"it contains a character that cannot be seen (U+{ord(each):04X}): type it again"
        if "\ud800" <= each <= "\udfff":
            return "it is not UTF-8"
    return None
