"""What is known at one moment: readings and their ages, and what the worker said of each source."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar

from schema.heartbeat import Breaker, SourceReport, WorkerReport
from service.aws.client import Aws
from service.aws.identity import Identity
from service.settings import Settings
from service.source import Observation, SourceSettings
from service.verdict.age import Aged, aged
from service.verdict.situation import IdentityView, Situation, SourceView
from service.verdict.snapshot import Observations

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, kw_only=True)
class Known:
    """Everything that a document is made from, at one moment.

    Attributes:
        settings: Which sources there are.
        aws: The AWS identity, None if it is not configured.
        found: What is known of each source.
        now: The server's clock at the moment of answering.
        watching_since: When this process began to look.
    """

    settings: Settings
    aws: Aws | None
    found: Observations
    now: datetime
    watching_since: datetime

    @cached_property
    def _aged(self) -> dict[str, Aged]:
        return {}

    @cached_property
    def said(self) -> dict[str, SourceReport]:
        """The worker's last word for each source."""
        return {source.name: self._last_word(source.name) for source in self.settings.sources}

    @cached_property
    def _carried(self) -> Observation | None:
        """The reading that brought the newest report."""
        carrying = [found for found in self.found.values() if found and found.report]
        return max(carrying, key=_moment, default=None)

    @cached_property
    def report(self) -> WorkerReport | None:
        """The newest report that could be read from any store."""
        return self._carried.report if self._carried else None

    @cached_property
    def interval_s(self) -> float:
        """Seconds between stamps, as the worker says, else as we are configured."""
        return self.report.interval_seconds if self.report else self.settings.process.interval_s

    def aged(self, name: str) -> Aged:
        """A source's reading at this moment.

        The identity is proved once a minute by whoever watches, whatever the interval is.
        """
        if name not in self._aged:  # each is asked for twice or more
            floor_s = Identity.lifetime_s if name == Identity.name else 0.0
            found = self.found.get(name)
            self._aged[name] = aged(found, self.now, max(self.interval_s, floor_s))
        return self._aged[name]

    def is_off(self, name: str) -> bool:
        """Whether none of a source's variables is set."""
        if name == Identity.name:
            return self.aws is None
        return any(source.name == name for source in self.settings.off)

    def setting(self, kind: type[S]) -> S | None:
        """A source's settings, None if it is switched off."""
        return next((each for each in self.settings.sources if isinstance(each, kind)), None)

    def situation(self) -> Situation:
        """What the diagnosis follows from."""
        return Situation(
            now=self.now,
            watching_since=self.watching_since,
            interval_s=self.interval_s,
            write_deadline_s=self.settings.process.write_deadline_s,
            sources=[self._view(source) for source in self.settings.sources],
            iam=self._identity(),
        )

    def _last_word(self, name: str) -> SourceReport:
        """The worker's last word for a source; a stamp that we see ourselves is newer."""
        said = self.report.sources.get(name, SourceReport()) if self.report else SourceReport()
        found, carried = self.found.get(name), self._carried
        if not (found and found.stamp and carried and found.stamp >= _moment(carried)):
            return said
        healed = {"last_result": "ok", "consecutive_failures": 0, "failing_since": None}
        return said.model_copy(update={**healed, "breaker": Breaker.CLOSED})

    def _view(self, source: SourceSettings) -> SourceView:
        found, state = self.found.get(source.name), self.aged(source.name)
        said = self.said[source.name]
        return SourceView(
            name=source.name,
            title=source.title,
            freshness=state.freshness,
            error=state.error,
            observed=found is not None,
            stamp=state.stamp,
            failing_since=found.failing_since if found else None,
            last_result=said.last_result,
            write_failing_since=said.failing_since,
            warning=said.warning,
            needs_aws=source.needs_aws,
            schema_behind=found.schema_behind if found else False,
            part_stale=found.part_is_stale(self.now) if found else False,
            remedies=source.remedies,
        )

    def _identity(self) -> IdentityView | None:
        if self.aws is None:
            return None
        found = self.found.get(Identity.name)
        return IdentityView(
            error=found.error if found else None,
            refusal=self.aws.refusal,
            renewal_error=self.aws.session_error.word if self.aws.session_error else None,
            failing_since=found.failing_since if found else None,
            credentials_expiry=self.aws.credentials_expiry,
            certificate_expiry=self.aws.certificate_expiry,
        )


def _moment(found: Observation) -> datetime:
    """The cycle that a report came with."""
    if found.stamp is not None:
        return found.stamp
    return found.report.started_at if found.report else datetime.min.replace(tzinfo=UTC)
