"""A world for the doctor to look at, made of what it would find."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.preflight.world import Answer, Done


@dataclass
class FakeWorld:
    """Commands by their words, pages by the end of their address; what is not there is absent."""

    tools: set[str] = field(default_factory=set)
    commands: dict[str, Done] = field(default_factory=dict)
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def has(self, tool: str) -> bool:
        return tool in self.tools

    def run(self, *command: str) -> Done:
        return self.commands.get(" ".join(command), Done(code=127, out=""))

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        self.asked.append((url, headers or {}))
        found = [answer for end, answer in self.pages.items() if url.endswith(end)]
        return found[0] if found else Answer(status=0, body=None)


def page(body: Any = None, status: int = 200) -> Answer:
    return Answer(status=status, body=body)
