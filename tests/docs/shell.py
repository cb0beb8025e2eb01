"""Split shell text into simple commands."""

import re
import shlex
from collections.abc import Iterator

OPERATORS = ";&|<>"


def commands(text: str) -> Iterator[list[str]]:
    """Yield the simple commands of a text, split into words as a shell splits them.

    Raises:
        ValueError: A quotation is not closed.
    """
    for inner in re.findall(r"\$\(([^()]*)\)", text):
        yield from commands(inner)
    for line in _logical_lines(re.sub(r"\$\(([^()]*)\)", "$SUBSTITUTED", text)):
        reader = shlex.shlex(line, posix=True, punctuation_chars=OPERATORS)
        reader.whitespace_split = True
        yield from _simple(list(reader))


def _logical_lines(text: str) -> Iterator[str]:
    """Yield lines, joined after a backslash and inside of quotes."""
    waiting = ""
    for line in text.splitlines():
        waiting += line
        if waiting.endswith("\\"):
            waiting = waiting[:-1] + " "
        elif _is_whole(waiting):
            yield waiting
            waiting = ""
        else:
            waiting += "\n"
    if waiting:
        msg = f"a quotation does not end: {waiting}"
        raise ValueError(msg)


def _is_whole(line: str) -> bool:
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return False
    return True


def _simple(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    skip = False
    for word in words:
        if set(word) <= set(OPERATORS):
            skip = set(word) <= {"<", ">"}  # what follows is a file
            if not skip and command:
                yield command
                command = []
        elif not skip:
            command.append(word)
        else:
            skip = False
    if command:
        yield command
