"""What is known, at the moment of answering: ages, rows and the whole status document."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeVar

from schema.errors import ErrorWord
from schema.freshness import Freshness, age_s, in_future, judge, stale_after_s
from schema.heartbeat import Breaker, SourceReport, WorkerReport
from schema.responses import IamRow, Row, WorkerFacts, WorkerStatus
from service.accounts import mask
from service.aws.identity import Identity
from service.aws.roles_anywhere import Aws
from service.settings import Settings
from service.source import Observation, SourceSettings
from service.verdict.diagnosis import ALIVE, IdentityView, Situation, SourceView, diagnose, overall
from service.verdict.snapshot import Observations
from service.version import version

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Aged:
    """A reading at the moment of answering.

    Attributes:
        stamp: The stamp found, None if there is no valid one.
        age_s: Its age in seconds.
        interval_s: Seconds between two stamps, which the age is judged by.
        freshness: Its age in words.
        error: What is wrong, None if nothing is or nothing is known yet.
    """

    interval_s: float
    stamp: datetime | None = None
    age_s: float | None = None
    freshness: Freshness = Freshness.MISSING
    error: ErrorWord | None = None

    @property
    def status(self) -> Literal["ok", "error"]:
        """Whether all is well with it."""
        return "ok" if self.freshness in ALIVE and self.error is None else "error"


def aged(found: Observation | None, now: datetime, interval_s: float) -> Aged:
    """How old a reading's stamp is now.

    Args:
        found: The reading, None if there is none yet.
        now: The server's clock.
        interval_s: Seconds between stamps, where the stamp itself does not say.
    """
    if found is None:
        return Aged(interval_s=interval_s)
    stamp, error = found.stamp, found.error
    interval_s = found.interval_s or interval_s
    freshness = Freshness.UNREACHABLE
    if found.reachable:
        freshness = judge(stamp, now, interval_s)
        if stamp is not None and in_future(stamp, now):
            error = ErrorWord.CLOCK
    age = None if stamp is None else age_s(stamp, now)
    return Aged(interval_s=interval_s, stamp=stamp, age_s=age, freshness=freshness, error=error)


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
    def _said(self) -> dict[str, SourceReport]:
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

    def worker_status(self) -> WorkerStatus:
        """The whole document."""
        situation = self.situation()
        diagnosis = diagnose(situation)
        on = {source.name: self._row(source) for source in self.settings.sources}
        off = {source.name: _off_row(source.title) for source in self.settings.off}
        return WorkerStatus(
            current_time=self.now,
            version=version(),
            interval_seconds=self.interval_s,
            stale_threshold_seconds=stale_after_s(self.interval_s),
            overall_status=overall(diagnosis, situation),
            in_step=situation.in_step,
            diagnosis=diagnosis,
            timestamps=on | off,
            iam=self._iam_row(),
            worker=_facts(self.report),
        )

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
        said = self._said[source.name]
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
        )

    def _identity(self) -> IdentityView | None:
        if self.aws is None:
            return None
        found = self.found.get(Identity.name)
        return IdentityView(
            error=found.error if found else None,
            refusal=self.aws.refusal,
            failing_since=found.failing_since if found else None,
            credentials_expiry=self.aws.credentials_expiry,
            certificate_expiry=self.aws.certificate_expiry,
        )

    def _row(self, source: SourceSettings) -> Row:
        said = self._said[source.name]
        return Row(
            title=source.title,
            endpoint=mask(source.endpoint),
            **self._reading(source.name),
            last_result=said.last_result,
            warning=said.warning,
            consecutive_failures=said.consecutive_failures,
            breaker=said.breaker,
        )

    def _iam_row(self) -> IamRow:
        aws = self.aws
        return IamRow(
            title=Identity.title,
            endpoint=Identity.endpoint_of(aws.settings) if aws else None,
            **(self._reading(Identity.name) if aws else _OFF),
            refusal=aws.refusal if aws else None,
            credentials_created=aws.credentials_created if aws else None,
            credentials_expiry=aws.credentials_expiry if aws else None,
            certificate_expiry=aws.certificate_expiry if aws else None,
        )

    def _reading(self, name: str) -> dict[str, Any]:  # Any: keyword arguments of two models
        found, state = self.found.get(name), self.aged(name)
        return {
            "last_update": state.stamp,
            "age_seconds": state.age_s,
            "interval_seconds": state.interval_s,
            "is_stale": state.freshness not in ALIVE,
            "freshness": state.freshness,
            "status": state.status,
            "error": state.error,
            "observed_at": found.observed_at if found else None,
            "latency_ms": found.latency_ms if found else None,
        }


_OFF: dict[str, Any] = {
    "last_update": None,
    "age_seconds": None,
    "interval_seconds": None,
    "is_stale": True,
    "freshness": Freshness.MISSING,
    "status": "error",
    "error": ErrorWord.NOT_CONFIGURED,
    "observed_at": None,
    "latency_ms": None,
}


def _off_row(title: str) -> Row:
    return Row(
        title=title,
        endpoint=None,
        **_OFF,
        last_result=None,
        warning=None,
        consecutive_failures=0,
        breaker=Breaker.CLOSED,
    )


def _moment(found: Observation) -> datetime:
    """The cycle that a report came with."""
    if found.stamp is not None:
        return found.stamp
    return found.report.started_at if found.report else datetime.min.replace(tzinfo=UTC)


def _facts(report: WorkerReport | None) -> WorkerFacts:
    if report is None:
        return WorkerFacts()
    return WorkerFacts(**{name: getattr(report, name) for name in WorkerFacts.model_fields})
