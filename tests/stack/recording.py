"""The resources that one run of the program registered."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KINDS = ("services", "workers", "jobs")


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the engine receives it, with secrets unwrapped and their paths listed."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    secret_paths: frozenset[str]
    dependencies: frozenset[str]
    request: Any

    @property
    def comparable(self) -> tuple[object, ...]:
        """The values by which the engine decides whether to change the resource."""
        request = self.request
        return (
            self.urn,
            self.inputs,
            self.secret_paths,
            self.dependencies,
            (request.parent, request.protect, request.deletedWith, list(request.ignoreChanges)),
            (request.customTimeouts.create, request.customTimeouts.update),
        )


@dataclass(kw_only=True)
class Recording:
    """All resources that one run of the program registered, in order."""

    registrations: list[Registration] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    secret_exports: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)

    def of(self, type_: str) -> list[Registration]:
        """Return the resources whose type ends in a text."""
        return [r for r in self.registrations if r.type.endswith(type_)]

    def one(self, type_: str, name: str = "") -> Registration:
        (found,) = [r for r in self.of(type_) if name in r.name]
        return found

    @property
    def spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.one("index/app:App").inputs["spec"]
        return spec

    @property
    def api_spec(self) -> dict[str, Any]:
        """The spec as the platform's API takes it, for a comparison with its published schema.

        The provider makes a list of the one VPC, and sends alerts' destinations separately.
        """
        spec: dict[str, Any] = json.loads(json.dumps(self.spec))
        for part in (spec, *(c for kind in KINDS for c in spec.get(kind, []))):
            for alert in part.get("alerts", []):
                alert.pop("destinations", None)
        vpcs = spec.pop("vpcs", [])
        return spec | ({"vpc": vpcs[0]} if vpcs else {})

    @property
    def components(self) -> list[dict[str, Any]]:
        return [c for kind in KINDS for c in self.spec.get(kind, [])]

    def needs(self, dependent: Registration) -> set[str]:
        """Return the URNs that this resource depends on, directly or indirectly."""
        by_urn = {r.urn: r for r in self.registrations}
        found, open_ = set(), list(dependent.dependencies)
        while open_:
            urn = open_.pop()
            if urn in by_urn and urn not in found:
                found.add(urn)
                open_ += by_urn[urn].dependencies
        return found


def strings(value: object) -> Iterator[str]:
    """Yield every string in a structure, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (str(key), *strings(item))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
