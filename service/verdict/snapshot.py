"""The state at one moment: readings with their ages, and the worker's report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from schema.errors import ErrorWord
from schema.freshness import judge
from schema.heartbeat import (
    IDENTITY,
    Breaker,
    IamReport,
    Refusal,
    ReplicaReport,
    SourceReport,
    WorkerReport,
)
from service.aws.client import Facts
from service.kind import AnyInstance, D, Instance, S
from service.observation import Observation
from service.settings import Settings
from service.undelivered import Undelivered
from service.verdict.age import AgedReading, aged
from service.verdict.lifetime import watch_s
from service.verdict.readers import UNASKED_S, LastReading, LastReadings
from service.verdict.situation import ALIVE, REFUSING, IdentityView, Situation, SourceView

SPEAKS_FOR_INTERVALS = 2.5  # beyond this, short intervals would report a dead worker too late
BAD_NEWS_LASTS = timedelta(minutes=10)  # longer than anybody who monitors waits between two polls


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that a document is made from, at one moment.

    Attributes:
        settings: The configured sources.
        aws: The known state of the AWS identity, None if it is not configured.
        looks: The last reading of each source.
        now: The server's clock at the time of the answer.
        watching_since: When this process started to read.
        undelivered: The targets that alerts do not reach.
    """

    settings: Settings
    aws: Facts | None
    looks: LastReadings
    now: datetime
    watching_since: datetime
    undelivered: Sequence[Undelivered] = ()

    @cached_property
    def _aged(self) -> dict[str, AgedReading]:
        return {}

    @cached_property
    def reports(self) -> dict[str, SourceReport]:
        """The worker's last result for each source."""
        return {source.name: self._last_word(source) for source in self.settings.sources}

    @cached_property
    def _carried(self) -> Observation | None:
        """The reading with the newest report."""
        carrying = [look.found for look in self.looks.values() if look and look.found.report]
        return max(carrying, key=_moment, default=None)

    @cached_property
    def report(self) -> WorkerReport | None:
        """The newest report that could be read from any store."""
        return self._carried.report if self._carried else None

    @cached_property
    def interval_s(self) -> float:
        """Seconds between stamps, by the worker's report, else by our own settings."""
        return self.report.interval_seconds if self.report else self.settings.process.interval_s

    def found(self, name: str) -> Observation | None:
        """Return a source's last reading, None if there is none yet."""
        look = self.looks.get(name)
        return look.found if look else None

    def details(self, source: Instance[S, D]) -> D | None:
        """Return a source's details for its own endpoint, None if it could not be read."""
        look, of_kind = self.known(source), source.kind.details
        found = look.found.details if look else None
        return found if of_kind is not None and isinstance(found, of_kind) else None

    def aged(self, source: AnyInstance) -> AgedReading:
        """Return a source's reading with its age at this moment.

        A source without a stamp is proved by each reading, independent of the worker's interval.
        """
        if source.name not in self._aged:  # each is used twice or more
            interval_s = self._interval_of(source)
            read_at, look = self._read_at(source, interval_s), self.known(source)
            state = aged(look.found if look else None, self.now, interval_s, read_at)
            if source.name == IDENTITY and state.error is None:
                state = replace(state, error=self._refused_worker)
            self._aged[source.name] = state
        return self._aged[source.name]

    def known(self, source: AnyInstance) -> LastReading | None:
        """Return a source's last reading if it may still be true, else None.

        After a time without requests the answer does not wait for a slow store. What was good then
        may be outdated because there was no request, and a bad state may have ended.
        """
        look = self.looks.get(source.name)
        if look is None or not look.outdated:
            return look
        interval_s = self._interval_of(source)
        if look.found.error or aged(look.found, look.at, interval_s).freshness not in ALIVE:
            return look if self.now - look.at <= BAD_NEWS_LASTS else None
        return look if aged(look.found, self.now, interval_s).freshness in ALIVE else None

    def _interval_of(self, source: AnyInstance) -> float:
        """Return the seconds between two stamps, or two proofs, of a source."""
        return max(self.interval_s, 0.0 if source.kind.keeps_stamp else source.kind.lifetime_s)

    def _read_at(self, source: AnyInstance, interval_s: float) -> datetime | None:
        """Return the time of a source's reading: when it began.

        None if that is longer ago than the interval of readings explains; then the stamp is judged
        as of now.
        """
        look = self.looks.get(source.name)
        if look is None:
            return None
        began = look.at - timedelta(milliseconds=look.latency_ms)
        # Two readings may take their full time: this one, and the next, which is in flight.
        rhythm_s = watch_s(interval_s) + UNASKED_S + 2 * source.kind.read_deadline_s
        oldest = timedelta(seconds=min(rhythm_s, SPEAKS_FOR_INTERVALS * interval_s))
        return began if began >= self.now - oldest else None

    @property
    def refusal(self) -> Refusal | None:
        """Why IAM Roles Anywhere refuses a session: to this process, else to the worker."""
        own = self.aws.refusal if self.aws else None
        theirs = self._worker_identity.refusal if self._worker_identity else None
        return own or theirs

    @property
    def _refused_worker(self) -> ErrorWord | None:
        """The word by which AWS refuses the worker, even if a cached reading was successful.

        The worker writes, with a session of its own.
        """
        identity = self._worker_identity
        result = identity.last_result if identity else None
        return ErrorWord(result) if result in REFUSING else None

    @cached_property
    def _worker_identity(self) -> IamReport | None:
        """The worker's report on its identity, None if that is outdated."""
        return self._recent.iam if self._recent else None

    @cached_property
    def _recent(self) -> WorkerReport | None:
        """The newest report, None if it came with an old stamp."""
        if self._carried is None or self.report is None:
            return None
        fresh = judge(_moment(self._carried), self.now, self.interval_s) in ALIVE
        return self.report if fresh else None

    def replica(self, name: str) -> ReplicaReport | None:
        """Return the worker's last look at a source's replica; None without a recent report."""
        return self._recent.replicas.get(name) if self._recent else None

    def promoted_at(self, name: str) -> datetime | None:
        """When the worker last saw another server in a source's place, None if it never did."""
        server = self.report.servers.get(name) if self.report else None
        return server.promoted_at if server else None

    def situation(self) -> Situation:
        """Return the input of the diagnosis."""
        return Situation(
            now=self.now,
            watching_since=self.watching_since,
            interval_s=self.interval_s,
            write_deadline_s=self.settings.process.write_deadline_s,
            sources=[self._view(source) for source in self.settings.stamped],
            iam=self._identity(),
            undelivered=self.undelivered,
        )

    def _last_word(self, source: AnyInstance) -> SourceReport:
        """Return the worker's last result for a source, unless a stamp that was read is newer."""
        report = self.report.every_source.get(source.name) if self.report else None
        report = report or SourceReport()
        found, carried = self.found(source.name), self._carried
        if not (source.kind.keeps_stamp and found and found.stamp and carried):
            return report
        if found.stamp < _moment(carried):
            return report
        healed = {"last_result": "ok", "consecutive_failures": 0, "failing_since": None}
        return report.model_copy(update={**healed, "breaker": Breaker.CLOSED})

    def _view(self, source: AnyInstance) -> SourceView:
        look, state, report = self.known(source), self.aged(source), self.reports[source.name]
        return SourceView(
            name=source.name,
            title=source.title,
            freshness=state.freshness,
            error=state.error,
            cause=look.found.cause if look and state.error else report.cause,
            observed=look is not None,
            read_at=self._read_at(source, self.interval_s),
            stamp=state.stamp,
            failing_since=look.failing_since if look else None,
            last_result=report.last_result,
            write_failing_since=report.failing_since,
            warning=report.warning,
            needs_aws=source.depends_on == IDENTITY,
            schema_behind=look.found.schema_behind if look else False,
            schema_missing=look.found.schema_missing if look else (),
            remedies=source.remedies,
            part_stale=look.found.part_is_stale(self.now) if look else False,
            replacement=look.found.replacement if look else None,
            replica=self.replica(source.name),
        )

    def _identity(self) -> IdentityView | None:
        if self.aws is None:
            return None
        known = (self.known(each) for each in self.settings.sources if each.name == IDENTITY)
        look, reported = next(known, None), self._worker_identity
        since = look.failing_since if look else None
        error = look.found.error if look else None
        return IdentityView(
            error=error or self._refused_worker,
            cause=look.found.cause if look and error else None,
            refusal=self.refusal,
            renewal_error=self.aws.renewal_error,
            failing_since=since or (reported.failing_since if reported else None),
            credentials_expiry=self.aws.credentials_expiry,
            certificate_expiry=self.aws.certificate_expiry,
        )


def _moment(found: Observation) -> datetime:
    """Return the time of the cycle that a report came with."""
    if found.stamp is not None:
        return found.stamp
    return found.report.started_at if found.report else datetime.min.replace(tzinfo=UTC)
