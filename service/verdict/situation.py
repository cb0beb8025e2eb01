"""The input of a diagnosis: everything that was observed, at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schema.errors import Cause, ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import Refusal, ReplicaReport, Result
from service.observation import Replacement
from service.remedies import CAUSES, REMEDIES
from service.undelivered import Undelivered

ALIVE = frozenset({Freshness.FRESH, Freshness.AGING})
REFUSING = frozenset({ErrorWord.AUTH, ErrorWord.PERMISSION, ErrorWord.CLOCK})
"""The words by which AWS refuses an identity."""
STARTING_INTERVALS = 2.0  # during which empty stores are not a problem


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceView:
    """One configured source, at one moment.

    Attributes:
        name: The slug.
        title: Its name for people.
        freshness: Its stamp's freshness.
        error: The reading's error, None if there is none.
        cause: The reason behind `word`, or behind `warning` without a `word`; None if unknown.
        observed: Whether it was read yet.
        read_at: The time of the reading, None for now.
        stamp: The stamp found.
        failing_since: When readings began to fail.
        last_result: The worker's last result.
        write_failing_since: When the worker's writes began to fail.
        warning: Why a part of the write fails although the stamp is written.
        needs_aws: Whether it depends on the AWS identity.
        schema_behind: Whether its schema is older than this version needs.
        schema_missing: Tables and columns that it lacks.
        part_stale: Whether a part that is written less often is overdue (the secret's value).
        replacement: The part that somebody else replaced, None if nobody did.
        replica: The worker's last look at its replica, None without one.
        remedies: Its own remedies for words and causes, instead of the general ones.
    """

    name: str
    title: str
    freshness: Freshness
    error: ErrorWord | None = None
    cause: Cause | None = None
    observed: bool = True
    read_at: datetime | None = None
    stamp: datetime | None = None
    failing_since: datetime | None = None
    last_result: Result | None = None
    write_failing_since: datetime | None = None
    warning: ErrorWord | None = None
    needs_aws: bool = False
    schema_behind: bool = False
    schema_missing: Sequence[str] = ()
    part_stale: bool = False
    replacement: Replacement | None = None
    replica: ReplicaReport | None = None
    remedies: Mapping[ErrorWord | Cause, str] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        """Whether it could be read."""
        return self.freshness is not Freshness.UNREACHABLE

    @property
    def alive(self) -> bool:
        """Whether it has a recent stamp; `aging`, which is normal for a moment, counts."""
        return self.freshness in ALIVE

    @property
    def failing(self) -> bool:
        """Whether it was read, and cannot be read, is not written, or reports an error."""
        return self.observed and (not self.alive or self.error is not None)

    @property
    def word(self) -> ErrorWord | None:
        """The error of its reading, else of the worker's last write."""
        result = self.last_result
        return self.error or (None if result is None or result == "ok" else ErrorWord(result))

    def remedy(self, word: ErrorWord) -> str:
        """Return the remedy for its word."""
        if self.cause is not None and word is (self.word or self.warning):
            return self.remedies.get(self.cause, CAUSES[self.cause])
        return self.remedies.get(word, REMEDIES[word])


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityView:
    """The AWS identity, at one moment.

    Attributes:
        error: Why it could not be confirmed, None if it was.
        cause: The reason behind the error, None if unknown.
        refusal: Why IAM Roles Anywhere refuses a session; the previous one may still be valid.
        renewal_error: Why the last attempt to renew the session failed, None if it did not.
        failing_since: Since when it cannot be confirmed.
        credentials_expiry: When the session's credentials end.
        certificate_expiry: When the client certificate ends.
    """

    error: ErrorWord | None = None
    cause: Cause | None = None
    refusal: Refusal | None = None
    renewal_error: ErrorWord | None = None
    failing_since: datetime | None = None
    credentials_expiry: datetime | None = None
    certificate_expiry: datetime | None = None

    @property
    def troubled(self) -> bool:
        """Whether it is refused, or could not be confirmed."""
        return self.refused or self.error is not None

    @property
    def refused(self) -> bool:
        """Whether AWS has refused it; otherwise it is fine, or AWS does not answer."""
        return self.refusal is not None or self.error in REFUSING


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Everything that a diagnosis is derived from.

    Attributes:
        now: The server's clock.
        watching_since: When this process started to read.
        interval_s: Seconds between two stamps.
        write_deadline_s: How long one write may take.
        sources: The configured sources.
        iam: The AWS identity, None if it is not configured.
        undelivered: The targets that alerts do not reach.
    """

    now: datetime
    watching_since: datetime
    interval_s: float
    write_deadline_s: float
    sources: Sequence[SourceView]
    iam: IdentityView | None = None
    undelivered: Sequence[Undelivered] = ()

    @property
    def stamps(self) -> list[datetime]:
        """The stamps that were found."""
        return [source.stamp for source in self.sources if source.stamp is not None]

    @property
    def in_step(self) -> bool:
        """Whether every source has the same stamp."""
        return len(self.stamps) == len(self.sources) and len(set(self.stamps)) <= 1

    @property
    def all_away(self) -> bool:
        """Whether there are several sources, and none of them can be read."""
        return len(self.sources) > 1 and not any(
            source.reachable or not source.observed for source in self.sources
        )

    def moment(self, at: datetime) -> str:
        """Format a time as `HH:MM:SS UTC`, with its date if that is not today."""
        today = at.date() == self.now.date()
        return f"{at:%H:%M:%S} UTC" if today else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def is_starting(situation: Situation) -> bool:
    """Tell whether it is too early to judge: no reading yet, or the first cycle runs."""
    if not any(source.observed for source in situation.sources):
        return True
    read_at = min(source.read_at or situation.now for source in situation.sources)
    waited_s = (read_at - situation.watching_since).total_seconds()
    empty = all(
        s.reachable and s.stamp is None and (not s.error or s.schema_behind)
        for s in situation.sources
    )
    return empty and waited_s <= STARTING_INTERVALS * situation.interval_s
