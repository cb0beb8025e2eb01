"""The doctor's access to commands and HTTP, each with a deadline."""

import http.client
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Protocol

COMMAND_S = 30.0
HTTP_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Done:
    """The result of a command.

    Attributes:
        code: Its exit status; 127 if there is no such command, 124 if it did not end in time.
        out: Its standard output, without white space around it.
    """

    code: int
    out: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: The HTTP status; 0 without an answer.
        body: The parsed JSON, None if the body is not JSON.
        headers: The headers by their names in lower case.
    """

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Machine(Protocol):
    """The machine and network that the doctor checks; tests use a fake."""

    def where(self, tool: str) -> str | None:
        """Find a command on PATH."""

    def run(self, *command: str, stdin: str = "") -> Done:
        """Run a command with `stdin` on its standard input; never raises."""

    def send(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        """Send a request without a body; never raises."""


class ThisMachine:
    """The real machine."""

    def where(self, tool: str) -> str | None:
        """Find a command on PATH."""
        return shutil.which(tool)

    def run(self, *command: str, stdin: str = "") -> Done:
        """Run a command for at most `COMMAND_S`."""
        return _run(command, stdin)

    def send(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        """Send a request, for at most `HTTP_S`."""
        request = urllib.request.Request(  # noqa: S310 - https only
            url, headers=dict(headers), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=HTTP_S) as reply:  # noqa: S310 - as above
                return _answer(reply.status, reply.read(), reply.headers)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.read(), error.headers)
        except (OSError, http.client.HTTPException, ValueError):
            return Answer(status=0, body=None)


def get(machine: Machine, url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Request a page; never raises."""
    return machine.send("GET", url, headers or {})


def _run(command: Sequence[str], stdin: str) -> Done:
    try:
        ended = subprocess.run(  # noqa: S603 - commands are ours
            command, input=stdin, capture_output=True, text=True, timeout=COMMAND_S, check=False
        )
    except FileNotFoundError:
        return Done(code=127, out="")
    except subprocess.TimeoutExpired:
        return Done(code=124, out="")
    return Done(code=ended.returncode, out=ended.stdout.strip())


def _answer(status: int, content: bytes, headers: Message) -> Answer:
    by_name = {name.lower(): value for name, value in headers.items()}
    try:
        return Answer(status=status, body=json.loads(content), headers=by_name)
    except ValueError:
        return Answer(status=status, body=None, headers=by_name)
