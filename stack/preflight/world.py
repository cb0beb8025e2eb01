"""The doctor's eyes: commands, HTTP and AWS, each with a deadline."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

COMMAND_S = 30.0
HTTP_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that ended.

    Attributes:
        code: Its exit status; 127 if there is no such command, 124 if it did not end in time.
        out: What it printed.
    """

    code: int
    out: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: 0 if there was none.
        body: The JSON in it, None if it holds none.
    """

    status: int
    body: Any


class World(Protocol):
    """What the checks look at; tests have one of their own."""

    def has(self, tool: str) -> bool:
        """Whether a command is on PATH."""

    def run(self, *command: str) -> Done:
        """Run a command; never raises."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page; never raises."""


class ThisMachine:
    """The real one."""

    def has(self, tool: str) -> bool:
        """Whether a command is on PATH."""
        return shutil.which(tool) is not None

    def run(self, *command: str) -> Done:
        """Run a command for at most `COMMAND_S`."""
        return _run(command)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page, for at most `HTTP_S`."""
        request = urllib.request.Request(url, headers=dict(headers or {}))  # noqa: S310 - https only
        try:
            with urllib.request.urlopen(request, timeout=HTTP_S) as reply:  # noqa: S310 - as above
                return _answer(reply.status, reply.read())
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.read())
        except OSError:
            return Answer(status=0, body=None)


def _run(command: Sequence[str]) -> Done:
    try:
        ended = subprocess.run(  # noqa: S603 - commands are ours
            command, capture_output=True, text=True, timeout=COMMAND_S, check=False
        )
    except FileNotFoundError:
        return Done(code=127, out="")
    except subprocess.TimeoutExpired:
        return Done(code=124, out="")
    return Done(code=ended.returncode, out=ended.stdout.strip())


def _answer(status: int, content: bytes) -> Answer:
    try:
        return Answer(status=status, body=json.loads(content))
    except ValueError:
        return Answer(status=status, body=None)
