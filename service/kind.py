"""Kinds of stores, and their instances: what can be connected, and how it is called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import anyio

from schema.errors import Cause, ErrorWord
from service.aws.client import Aws
from service.group import SourceSettings
from service.source import Source
from service.timeouts import ANSWER_TIMEOUT_S
from service.url import Url

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What the sources of one process share.

    Attributes:
        name: `HEARTBEAT_NAME`, the author of the stamps.
        aws: The AWS identity, None if it is not configured.
        answer_timeout_s: How long a store may take for one answer.
        migrating: Held by who migrates: Alembic keeps what it works on in globals of its modules,
            so that two databases migrated at once in one process would get each other's statements.
    """

    name: str
    aws: Aws | None = None
    answer_timeout_s: float = ANSWER_TIMEOUT_S
    migrating: anyio.Lock = field(default_factory=anyio.Lock)


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind(Generic[S]):
    """One kind of store: how its instances are configured, connected and read.

    Attributes:
        name: Its slug, and that of the instance which `variables` define.
        title: Its name for people.
        settings: What it takes to reach an instance.
        connect: Makes the source without any network I/O, so that a dead store stops nothing.
        variables: The variable of each field, of the one instance that has variables of its own.
        ambient: Fields whose variables switch nothing on, since they are often set for others.
        urls: Variables that hold the same instance's URL.
        schemes: Of the URLs that define an instance, the usual one first.
        parse: The fields that a URL gives, None for those that it leaves open.

    Raises:
                ValueError: The URL says what cannot be; the text never repeats a part of it.
        parameters: The query parameters that `parse` looks at.
        parts: What people call a field's place in a URL, where that is not the field's own name.
        depends_on: The kind of instance that it cannot do without.
        keeps_stamp: False if there is nothing to write: then a reading proves it by itself.
        keeps_history: Whether its sources have a `database`, where the past can be kept.
        lifetime_s: How long one reading serves every request.
        read_deadline_s: How long one reading may take.
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
    lifetime_s: float = 1.0
    read_deadline_s: float = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance(Generic[S]):
    """One store that is switched on.

    Attributes:
        name: Its slug, the same in settings, documents, history and metrics.
        title: Its name for people.
        kind: What it is.
        settings: How to reach it.
        variable: What defines it, for people.
        variables: What sets each field of the settings, for people.
        notes: What is odd about how it is configured; one sentence each, without any secret.
    """

    name: str
    title: str
    kind: Kind[S]
    settings: S
    variable: str
    variables: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def endpoint(self) -> str:
        """Where it is, for people: a host or a name, never a secret."""
        return self.settings.endpoint

    @property
    def depends_on(self) -> str | None:
        """The instance that it cannot do without; of such kinds there is one each."""
        return self.kind.depends_on

    def connect(self, shared: Shared) -> Source:
        """The source, without any network I/O; it imports the driver, which may take a second."""
        return self.kind.connect(self.settings, shared)

    @property
    def remedies(self) -> Mapping[ErrorWord | Cause, str]:
        """What to do about the words for which this source knows more than `REMEDIES`."""
        return self.settings.remedies(self.variables)

    def warnings(self) -> list[str]:
        """What will go wrong with these settings, though they are valid."""
        return [*self.notes, *self.settings.warnings(self.variables)]


AnyKind = Kind[Any]
"""A kind of whatever settings: a tuple of all kinds has no one type for them."""

AnyInstance = Instance[Any]
"""An instance of whatever kind."""
