"""What a diagnosis follows from: everything that was observed, at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import Refusal, Result

ALIVE = frozenset({Freshness.FRESH, Freshness.AGING})


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceView:
    """One switched-on source, as seen at one moment.

    Attributes:
        name: The slug.
        title: Its name for people.
        freshness: Of its stamp.
        error: What the reading says is wrong, None if nothing.
        observed: Whether it was read at all yet.
        stamp: The stamp found.
        failing_since: Since when readings fail.
        last_result: The worker's own last word for it.
        write_failing_since: Since when the worker's writes fail.
        warning: The stamp lands, but a part of the write does not.
        needs_aws: Whether it stands or falls with the AWS identity.
        schema_behind: Whether its schema is older than this version needs.
        part_stale: Whether a part that is written more rarely is overdue (the secret's value).
    """

    name: str
    title: str
    freshness: Freshness
    error: ErrorWord | None = None
    observed: bool = True
    stamp: datetime | None = None
    failing_since: datetime | None = None
    last_result: Result | None = None
    write_failing_since: datetime | None = None
    warning: ErrorWord | None = None
    needs_aws: bool = False
    schema_behind: bool = False
    part_stale: bool = False

    @property
    def reachable(self) -> bool:
        """Whether it could be read."""
        return self.freshness is not Freshness.UNREACHABLE

    @property
    def alive(self) -> bool:
        """Whether a recent stamp is in it; the healthy minute's moment of `aging` counts."""
        return self.freshness in ALIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityView:
    """The AWS identity, as seen at one moment."""

    error: ErrorWord | None = None
    refusal: Refusal | None = None
    observed: bool = True
    failing_since: datetime | None = None
    credentials_expiry: datetime | None = None
    certificate_expiry: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Everything that a diagnosis follows from.

    Attributes:
        now: The server's clock.
        watching_since: When this process began to look.
        interval_s: Seconds between two stamps.
        write_deadline_s: How long one write may take.
        sources: The switched-on sources.
        iam: The AWS identity, None if it is not configured.
    """

    now: datetime
    watching_since: datetime
    interval_s: float
    write_deadline_s: float
    sources: Sequence[SourceView]
    iam: IdentityView | None = None

    @property
    def stamps(self) -> list[datetime]:
        """The stamps that were found."""
        return [source.stamp for source in self.sources if source.stamp is not None]

    @property
    def in_step(self) -> bool:
        """Whether every source holds one and the same stamp."""
        return len(self.stamps) == len(self.sources) and len(set(self.stamps)) <= 1
