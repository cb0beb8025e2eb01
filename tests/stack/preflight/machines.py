"""A fake of the machine and network that the doctor checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.preflight.machine import Answer, Done


@dataclass
class FakeMachine:
    """Commands by their words, pages by the end of their URL; everything else is missing."""

    tools: set[str] = field(default_factory=set)
    commands: dict[str, Done] = field(default_factory=dict)
    pages: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    stdins: list[str] = field(default_factory=list)

    def where(self, tool: str) -> str | None:
        return f"/usr/bin/{tool}" if tool in self.tools else None

    def run(self, *command: str, stdin: str = "") -> Done:
        self.stdins.append(stdin)
        return self.commands.get(" ".join(command), Done(code=127, out=""))

    def send(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        self.requests.append((url, headers))
        ends = self.pages if method == "GET" else {}
        named = {k.split(" ", 1)[1]: v for k, v in self.pages.items() if k.startswith(f"{method} ")}
        found = [answer for end, answer in {**named, **ends}.items() if url.endswith(end)]
        return found[0] if found else Answer(status=0, body=None)


def page(body: Any = None, status: int = 200, **headers: str) -> Answer:
    """Return an answer; in the headers' names `_` stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=body, headers=named)
