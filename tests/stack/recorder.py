"""Runs the whole program under Pulumi's mock monitor and hands back what it registered."""

import asyncio
import functools
import json
import runpy
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import json_format
from pulumi.runtime import mocks, settings
from pulumi.runtime.sync_await import _sync_await

from tests.stack.clouds import SECRET, SIGNATURE, Clouds, unwrapped

ROOT = Path(__file__).parents[2]
PROJECT, STACK = "heartbeat", "dev"
PASSWORD = "correct horse battery"
KINDS = ("services", "workers", "jobs")


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the engine would see it; secrets unwrapped, their paths kept."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    secret_paths: frozenset[str]
    dependencies: frozenset[str]
    request: Any

    @property
    def comparable(self) -> tuple[object, ...]:
        """All that decides what the engine does with it."""
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
    """All that one run of the program registered, in order."""

    registrations: list[Registration] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    secret_exports: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)

    def of(self, type_: str) -> list[Registration]:
        """The resources whose type ends in this."""
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
        """The spec as the platform's API takes it, to be held against its published schema.

        The provider makes a list of the one VPC, and sends alerts' destinations on their own.
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
        """The URNs that must exist before this resource, through however many others."""
        by_urn = {r.urn: r for r in self.registrations}
        found, open_ = set(), list(dependent.dependencies)
        while open_:
            urn = open_.pop()
            if urn in by_urn and urn not in found:
                found.add(urn)
                open_ += by_urn[urn].dependencies
        return found


class Monitor(mocks.MockMonitor):
    """Pulumi's mock monitor, which also keeps every request."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(Clouds())
        self.recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call] # Pulumi's
        outputs = response.object.fields
        for name in set(request.additionalSecretOutputs) & set(outputs):
            value = outputs[name].string_value
            if not value:
                continue  # an input that came as a secret already
            outputs[name].struct_value.update({SIGNATURE: SECRET, "value": value})
            self.recording.secrets.add(value)
        paths: set[str] = set()
        inputs = unwrapped(json_format.MessageToDict(request.object), "", paths)
        self.recording.registrations.append(
            Registration(
                type=request.type,
                name=request.name,
                urn=response.urn,
                inputs=inputs,
                secret_paths=frozenset(paths),
                dependencies=frozenset(request.dependencies),
                request=request,
            )
        )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        if "pulumi:pulumi:Stack" in request.urn:
            raw = json_format.MessageToDict(request.outputs)
            self.recording.exports = unwrapped(raw, "", self.recording.secret_exports)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call] # as above


def run(config: Mapping[str, str] | None = None, *, preview: bool = False) -> Recording:
    """Run the program as Pulumi does, with the example's configuration and these changes."""
    values = example() | {_key(k): v for k, v in (config or {}).items()}
    recording = Recording()
    folder = str(ROOT / "stack")
    sys.path.insert(0, folder)
    try:
        with _event_loop():
            pulumi.runtime.set_mocks(
                Clouds(), project=PROJECT, stack=STACK, preview=preview, monitor=Monitor(recording)
            )
            pulumi.runtime.set_all_config(values, [f"{PROJECT}:dashboardPassword"])
            settings.SETTINGS.rpc_manager.clear()
            settings.SETTINGS.outputs.clear()
            # set_mocks made a root; run_in_stack makes its own.
            settings.set_root_resource(None)  # type: ignore[arg-type]
            recording.registrations.clear()
            _sync_await(pulumi.runtime.run_in_stack(lambda: _main(folder)))
    finally:
        sys.path.remove(folder)
    return recording


@contextmanager
def _event_loop() -> Iterator[None]:
    """A loop of the run's own, and one thread, in which Pulumi makes another for the monitor."""
    loop = asyncio.new_event_loop()
    thread = ThreadPoolExecutor(max_workers=1)
    loop.set_default_executor(thread)
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        thread.submit(lambda: asyncio.get_event_loop().close()).result()
        thread.shutdown()
        loop.close()
        asyncio.set_event_loop(None)


def _main(folder: str) -> None:
    runpy.run_path(folder, run_name="__main__")


def example() -> dict[str, str]:
    """The configuration of Pulumi.dev.yaml over Pulumi.yaml's defaults, and a password."""
    return dict(_example())


def strings(value: object) -> Iterator[str]:
    """Every string in a structure, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (str(key), *strings(item))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


@functools.cache
def _example() -> dict[str, str]:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    values = {_key(key): declared["default"] for key, declared in project.items()}
    values |= yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    values[_key("dashboardPassword")] = PASSWORD
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}


def _key(key: str) -> str:
    return key if ":" in key else f"{PROJECT}:{key}"
