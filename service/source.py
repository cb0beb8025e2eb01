"""What every source is: its settings, its two directions, and how it fails."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from schema.errors import RETRYABLE, ErrorWord
from schema.heartbeat import Heartbeat, WorkerReport

if TYPE_CHECKING:
    from service.aws.client import Aws

CONNECT_TIMEOUT_S = 3.0  # of any driver; below every deadline, so that a retry still fits
ANSWER_TIMEOUT_S = 5.0  # of one request to any store


class SourceError(Exception):
    """A store could not be written or read; the word says why, the detail is for the log.

    Args:
        word: The only part that leaves the process.
        detail: What the driver said; never a secret, never sent to anyone.
    """

    def __init__(self, word: ErrorWord, detail: str = "") -> None:
        super().__init__(f"{word}: {detail}" if detail else str(word))
        self.word = word
        self.detail = detail

    @property
    def retryable(self) -> bool:
        """Whether another attempt can heal it."""
        return self.word in RETRYABLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What one reading found; sources whose own endpoint says more derive their own.

    Attributes:
        stamp: The valid stamp found, None if never written or unreadable.
        interval_s: Seconds between stamps, as the stamp says; None if it does not.
        report: The worker's report that travelled with the stamp.
        error: What is wrong although the store answered (`read_only`, `invalid_data`), or why it
            did not answer.
        reachable: False if nothing could be read.
        observed_at: When the reading ended; set by whoever asked for it.
        latency_ms: How long the reading took; set like `observed_at`.
        failing_since: When readings began to fail, None while they succeed; set like them.
        schema_behind: Whether the store's schema is older than this version needs.
    """

    stamp: datetime | None = None
    interval_s: float | None = None
    report: WorkerReport | None = None
    error: ErrorWord | None = None
    reachable: bool = True
    observed_at: datetime | None = None
    latency_ms: float | None = None
    failing_since: datetime | None = None
    schema_behind: bool = False

    def part_is_stale(self, now: datetime) -> bool:  # noqa: ARG002 - for those that have parts
        """Whether a part that is written more rarely than the stamp is overdue."""
        return False


class Source(Protocol):
    """A store that the worker stamps and the API reads back."""

    async def write(self, heartbeat: Heartbeat) -> ErrorWord | None:
        """Stamp the store once.

        Returns:
            None if all of it landed; a word if the stamp landed but a part did not.

        Raises:
            SourceError: The stamp did not land.
        """
        ...

    async def read(self) -> Observation:
        """What the store holds, "never written" included.

        Raises:
            SourceError: The store cannot be read.
        """
        ...

    async def close(self) -> None:
        """Give everything back; bounded in time, and never raises for a dead store."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What sources of one process share.

    Attributes:
        name: `HEARTBEAT_NAME`, the author of the stamps.
        aws: The AWS identity, None if it is not configured.
    """

    name: str
    aws: "Aws | None" = None


class Group(BaseModel):
    """Variables that belong together: all required ones are set, or none.

    Fields carry their environment variable as alias. Variables in `ambient` do not count as set,
    since they are often set for others.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    ambient: ClassVar[frozenset[str]] = frozenset()


class SourceSettings(Group):
    """A source's variables, and how to connect with them."""

    name: ClassVar[str]
    title: ClassVar[str]
    needs_aws: ClassVar[bool] = False
    lifetime_s: ClassVar[float] = 1.0  # how long one reading serves every request
    read_deadline_s: ClassVar[float] = 2.0

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Where it is, for people: a host or a name, never a secret."""

    @property
    def remedies(self) -> Mapping[ErrorWord, str]:
        """What to do about the words for which this source knows more than `REMEDIES`."""
        return {}

    def warnings(self) -> list[str]:
        """What will go wrong with these settings, though they are valid; one sentence each."""
        return []

    @abstractmethod
    def connect(self, shared: Shared) -> Source:
        """The source, without any network I/O, so that a dead store stops nothing."""
