"""Simulate a deployment's looks in simulated time."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from schema.alerts import EventKind
from schema.findings import Finding
from service.alerts.deciding import decide
from service.alerts.events import Event, Look
from service.alerts.policy import Policy
from service.alerts.state import State
from tests.service.alerts.findings import NOW


class Looking:
    """Decide at each look, and collect the events.

    Attributes:
        events: All events so far.
        state: The remembered state; each restart serializes it to JSON and back.
    """

    def __init__(self, alert_policy: Policy | None = None, name: str = "worker") -> None:
        self.policy = alert_policy or Policy(interval_s=60.0)
        self.name = name
        self.state = State()
        self.events: list[Event] = []
        self.at = NOW
        self.muted: frozenset[str] | None = frozenset()
        self.tense = False
        self._first = True

    @property
    def step_s(self) -> float:
        """The seconds until the next look."""
        return self.policy.tense_s if self.tense else self.policy.calm_s

    def look(
        self, findings: Sequence[Finding], elapsed_s: float | None = None, took_s: float = 0.0
    ) -> list[EventKind]:
        """Look once, after the time that the loop would wait."""
        step_s = self.step_s if elapsed_s is None else elapsed_s
        self.at += timedelta(seconds=step_s)
        seen = Look(
            at=self.at,
            elapsed_s=0.0 if self._first else step_s,
            took_s=took_s,
            findings=findings,
            is_muted=self._is_muted,
        )
        decided = decide(self.state, seen, self.policy, self.name)
        self.state = decided.state
        self.events += decided.events
        self.tense = decided.tense
        self._first = False
        return [event.content.kind for event in decided.events]

    def looks(
        self, seconds: float, see: Callable[[], Sequence[Finding]] | Sequence[Finding] = ()
    ) -> list[EventKind]:
        """Look repeatedly for some seconds; return the kinds of the new events."""
        until = self.at + timedelta(seconds=seconds)
        kinds: list[EventKind] = []
        while self.at < until:
            kinds += self.look(see() if callable(see) else see)
        return kinds

    def restart(self) -> None:
        """Continue as another process, with the stored state."""
        self.state = State.model_validate_json(self.state.model_dump_json())
        self._first = True
        self.tense = False

    def kinds(self) -> list[EventKind]:
        return [event.content.kind for event in self.events]

    def _is_muted(self, sources: Sequence[str]) -> bool:
        return self.muted is None or (bool(sources) and set(sources) <= self.muted)
