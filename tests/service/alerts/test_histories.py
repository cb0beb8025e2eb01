"""Random histories of outages, mutes, restarts and clock steps lead to correct events."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schema.alerts import EventKind
from schema.findings import Finding
from tests.examples import examples
from tests.service.alerts.findings import not_written, refused, silent, starting, unreachable
from tests.service.alerts.looking import Looking

SOURCES = ("postgres", "valkey", "secrets_manager")
HELD_S = 130.0  # longer than any error may last untold


class Histories(RuleBasedStateMachine):
    """Random events, after which the receivers finally know the truth."""

    def __init__(self) -> None:
        super().__init__()
        self.looking = Looking()
        self.step_least_s = 1.0

    @initialize(step_least_s=st.sampled_from((1.0, 5.0)))
    def a_process_starts(self, step_least_s: float) -> None:
        """Continue in another process; on a busy machine the looks are further apart."""
        self.step_least_s = step_least_s

    @rule(names=st.sets(st.sampled_from(SOURCES), min_size=1), seconds=st.floats(1, 200))
    def stores_are_away(self, names: set[str], seconds: float) -> None:
        self._passes(seconds, unreachable(*sorted(names)))

    @rule(name=st.sampled_from(SOURCES), seconds=st.floats(1, 200))
    def one_is_not_written(self, name: str, seconds: float) -> None:
        self._passes(seconds, not_written(name))

    @rule(seconds=st.floats(1, 200))
    def the_worker_is_silent(self, seconds: float) -> None:
        self._passes(seconds, silent(*SOURCES))

    @rule(seconds=st.floats(1, 200), store=st.booleans())
    def the_identity_is_refused(self, seconds: float, store: bool) -> None:
        self._passes(seconds, refused("secrets_manager") + unreachable(*["valkey"] * store))

    @rule(seconds=st.floats(1, 400))
    def all_is_well(self, seconds: float) -> None:
        self._passes(seconds, [])

    @rule(hours=st.floats(1, 5), name=st.sampled_from(SOURCES))
    def one_is_away_for_hours(self, hours: float, name: str) -> None:
        step_s = self.looking.policy.step_max_s
        for _ in range(int(hours * 3600 / step_s)):
            self._look(unreachable(name), step_s)

    @rule()
    def the_process_restarts(self) -> None:
        self.looking.restart()
        self._look(starting())

    @rule(hours=st.floats(-3, 3))
    def the_clock_steps(self, hours: float) -> None:
        self.looking.at += timedelta(hours=hours)

    @rule(names=st.none() | st.frozensets(st.sampled_from(SOURCES)))
    def somebody_mutes(self, names: frozenset[str] | None) -> None:
        self.looking.muted = names

    @invariant()
    def each_run_is_opened_first_and_resolved_last_and_each_once(self) -> None:
        runs: dict[object, list[EventKind]] = {}
        for event in self.looking.events:
            runs.setdefault(event.content.alert_id, []).append(event.content.kind)
        for kinds in runs.values():
            assert kinds[0] is EventKind.OPENED
            assert kinds.count(EventKind.OPENED) == 1
            assert EventKind.RESOLVED not in kinds[:-1]

    @invariant()
    def no_two_events_have_one_id(self) -> None:
        ids = [event.content.id for event in self.looking.events]
        assert len(ids) == len(set(ids))

    @invariant()
    def no_topic_rings_in_two_alerts_at_once(self) -> None:
        topics = [key for alert in self.looking.state.alerts for key in alert.topics]
        assert len(topics) == len(set(topics))

    def teardown(self) -> None:
        """After long enough without mutes and errors, every sent alert is resolved."""
        self.looking.muted = frozenset()
        self.looking.looks(700)
        assert self.looking.state.alerts == ()
        kinds = self.looking.kinds()
        assert kinds.count(EventKind.OPENED) == kinds.count(EventKind.RESOLVED)

    def _passes(self, seconds: float, findings: list[Finding]) -> None:
        until = self.looking.at + timedelta(seconds=seconds)
        while self.looking.at < until:
            self._look(findings)
        if seconds > HELD_S and self.looking.muted == frozenset():
            self._is_told(findings)

    def _is_told(self, findings: list[Finding]) -> None:
        alerted = {s for a in self.looking.state.alerts if a.told for s in a.sources}
        for finding in findings:
            assert alerted.intersection(finding.sources)

    def _look(self, findings: list[Finding], elapsed_s: float | None = None) -> None:
        before = len(self.looking.events)
        step_s = self.looking.step_s if elapsed_s is None else elapsed_s
        self.looking.look(findings, max(step_s, self.step_least_s))
        if self.looking.muted is None:
            assert len(self.looking.events) == before


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=examples(200), stateful_step_count=12)
