"""Kinds of stores, and instances of them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from typing_extensions import TypeVar

from schema.errors import Cause, ErrorWord
from service.aws.client import Aws
from service.group import SourceSettings
from service.observation import Details
from service.source import Source
from service.timeouts import ANSWER_TIMEOUT_S
from service.url import Url

S = TypeVar("S", bound=SourceSettings)
D = TypeVar("D", bound=Details, default=Details)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """Objects that the sources of one process share.

    Attributes:
        name: `HEARTBEAT_NAME`, the author of the stamps.
        aws: The AWS identity, None if it is not configured.
        answer_timeout_s: How long a store may take for one answer.
    """

    name: str
    aws: Aws | None = None
    answer_timeout_s: float = ANSWER_TIMEOUT_S


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind(Generic[S, D]):
    """One kind of store: how its instances are configured, connected and read.

    Attributes:
        name: Its slug, and the slug of the instance that `variables` define.
        title: Its name for people.
        settings: The class of its settings.
        connect: Creates the source without network I/O, so that a dead store delays nothing.
        variables: The variable of each field, for the one instance that is set by variables.
        ambient: Fields whose variables do not switch it on, since other programs use them too.
        urls: Variables that hold this instance's URL.
        schemes: The schemes of its URLs, the usual one first.
        parse: Returns the fields that a URL gives, None for those that it leaves open; raises a
            ValueError, which never repeats a part of the URL, if the URL is invalid.
        parameters: The query parameters that `parse` uses.
        parts: What people call a field in a URL, where that is not the field's own name.
        depends_on: The kind that it needs an instance of.
        keeps_stamp: False if nothing is written: a successful reading is the proof.
        keeps_history: Whether its sources have a `database` that can keep history.
        details: What its readings report for its own endpoint, None if it has none.
        lifetime_s: Seconds for which all requests share one reading.
        read_deadline_s: Seconds that one reading may take.
    """

    name: str
    title: str
    settings: type[S]
    connect: Callable[[S, Shared], Source]
    variables: Mapping[str, str] = field(default_factory=dict)
    ambient: frozenset[str] = frozenset()
    urls: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    parse: Callable[[Url], Mapping[str, object]] | None = None
    parameters: frozenset[str] = frozenset()
    parts: Mapping[str, str] = field(default_factory=dict)
    depends_on: str | None = None
    keeps_stamp: bool = True
    keeps_history: bool = False
    details: type[D] | None = None
    lifetime_s: float = 1.0
    read_deadline_s: float = 2.0

    def set_in(self, given: Collection[str]) -> list[str]:
        """List those of its own variables that are given and switch it on."""
        switches = (name for each, name in self.variables.items() if each not in self.ambient)
        return [name for name in (*self.urls, *switches) if name in given]


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance(Generic[S, D]):
    """One configured store.

    Attributes:
        name: Its slug, the same in settings, documents, history and metrics.
        title: Its name for people.
        kind: Its kind.
        settings: How to reach it.
        variables: What sets each field of the settings, in words for people.
        notes: Oddities of its configuration; one sentence each, without any secret.
    """

    name: str
    title: str
    kind: Kind[S, D]
    settings: S
    variables: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def endpoint(self) -> str:
        """The store's host or name; never a secret."""
        return self.settings.endpoint

    @property
    def depends_on(self) -> str | None:
        """The slug of the instance that it needs."""
        return self.kind.depends_on if self.settings.is_dependent else None

    def connect(self, shared: Shared) -> Source:
        """Create the source, without network I/O; the driver's import may take a second."""
        return self.kind.connect(self.settings, shared)

    @property
    def remedies(self) -> Mapping[ErrorWord | Cause, str]:
        """Return this source's own remedies, which replace those of `REMEDIES`."""
        return self.settings.remedies(self.variables)

    def warnings(self) -> list[str]:
        """List problems to expect with these settings, although they are valid."""
        return [*self.notes, *self.settings.warnings(self.variables)]


AnyKind = Kind[Any, Any]
"""A kind with any settings, for tuples of all kinds."""

AnyInstance = Instance[Any, Any]
"""An instance of any kind."""
