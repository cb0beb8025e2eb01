"""A shell's text, taken apart into simple commands."""

import re
import shlex
from collections.abc import Iterator

OPERATORS = ";&|<>"


def commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a shell's text, words as the shell would see them.

    Raises:
        ValueError: A quotation does not end.
    """
    for inner in re.findall(r"\$\(([^()]*)\)", text):
        yield from commands(inner)
    for line in _logical_lines(re.sub(r"\$\(([^()]*)\)", "$SUBSTITUTED", text)):
        reader = shlex.shlex(line, posix=True, punctuation_chars=OPERATORS)
        reader.whitespace_split = True
        yield from _simple(list(reader))


def _logical_lines(text: str) -> Iterator[str]:
    """Lines, joined where one ends with a backslash or inside of quotes."""
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
