"""Facts about real servers, as marks on the tests that prove them.

`python -m tests.reality` writes docs/reality.md from these marks; a test compares the two.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from schema.errors import RETRYABLE, ErrorWord
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "reality.md"
PROOFS = "tests.service.sources"
HEAD = """\
# What real servers do, and what Heartbeat calls it

`make reality` writes this page from the tests. Each row is a test that brings a real server into a
state and checks the error word of a write or a reading. The [runbook](runbook.md#error-words) says
what each word means and what to do; ↻ marks the words that the worker retries within a cycle.

AWS, S3, Spaces and MySQL 8 are missing, because no test can run them: [stores](stores.md) and
[what only a real account can prove](real-account.md) say what is known of them.
"""
DOCUMENTED = {
    "MariaDB": "https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference",
    "PgBouncer": "https://www.postgresql.org/docs/18/errcodes-appendix.html",
    "PostgreSQL": "https://www.postgresql.org/docs/18/errcodes-appendix.html",
    "Valkey": "https://valkey.io/topics/cluster-spec/",
}
"""The documentation of each server's codes; for Valkey it covers only those of a cluster."""


@dataclass(frozen=True)
class Fact:
    """One server's answer in one state.

    Attributes:
        server: The server and its version.
        state: The state of the server, or what was done to it.
        answer: The server's answer: a code, the beginning of its text, or what happens instead.
        word: Heartbeat's error word for it.
    """

    server: str
    state: str
    answer: str
    word: ErrorWord


def reality(server: str, state: str, answer: str, word: ErrorWord) -> pytest.MarkDecorator:
    """Mark a test as the proof of a fact, which the test gets as the fixture `fact`."""
    return pytest.mark.reality(Fact(server, state, answer, word))


def facts() -> Iterator[tuple[Fact, str]]:
    """Yield all facts with the path of their test, in the order of the modules and tests."""
    for test in _tests():
        for fact in _marked(test.pytestmark):
            yield fact, f"{test.__module__.replace('.', '/')}.py"


def proofs() -> Iterator[FunctionType]:
    """Yield the tests that prove facts."""
    return (test for test in _tests() if any(_marked(test.pytestmark)))


def _tests() -> Iterator[Any]:  # Any: functions with pytest's own attribute
    package = importlib.import_module(PROOFS)
    for name in sorted(each.name for each in pkgutil.iter_modules(package.__path__)):
        for test in vars(importlib.import_module(f"{PROOFS}.{name}")).values():
            if isinstance(test, FunctionType) and hasattr(test, "pytestmark"):
                yield test


def _marked(marks: Sequence[pytest.Mark]) -> Iterator[Fact]:
    for mark in reversed(marks):
        if mark.name == "reality":
            yield mark.args[0]
        if mark.name == "parametrize":
            for case in mark.args[1]:
                yield from _marked(getattr(case, "marks", ()))


def page() -> str:
    """Return the text of docs/reality.md."""
    found = list(facts())
    text = HEAD
    for server in dict.fromkeys(fact.server for fact, _ in found):
        tests = dict.fromkeys(path for fact, path in found if fact.server == server)
        links = ", ".join(f"[{Path(path).name}](../{path})" for path in tests)
        text += f"\n## {server}\n\nTests: {links}. [Codes]({DOCUMENTED[server.split()[0]]}).\n"
        text += "\n| state | answer | word |\n| --- | --- | --- |\n"
        for fact in (fact for fact, _ in found if fact.server == server):
            again = " ↻" if fact.word in RETRYABLE else ""
            text += f"| {fact.state} | {fact.answer} | `{fact.word}`{again} |\n"
    return text


if __name__ == "__main__":
    sys.exit(PAGE.write_text(page()) and None)
