"""Run the program with Pulumi's mock monitor, and record the resources that it registers."""

import asyncio
import functools
import json
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import json_format
from pulumi.runtime import mocks, settings
from pulumi.runtime.sync_await import _sync_await

from stack.settings import SECRETS
from tests.stack.clouds import SECRET, SIGNATURE, Clouds, unwrapped
from tests.stack.recording import Recording, Registration

ROOT = Path(__file__).parents[2]
PROJECT, STACK = "heartbeat", "dev"
PASSWORD = "correct horse battery"


class Monitor(mocks.MockMonitor):
    """Pulumi's mock monitor, which also records every request."""

    def __init__(self, recording: Recording, before: Mapping[str, Any] | None) -> None:
        super().__init__(Clouds(before))
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


def run(
    config: Mapping[str, str] | None = None,
    *,
    preview: bool = False,
    before: Mapping[str, Any] | None = None,
) -> Recording:
    """Run the program as Pulumi does.

    Args:
        config: Changes of the example's configuration.
        preview: Whether it is a preview.
        before: The exports of the stack's last `up`, None for a first one.
    """
    values = example() | {_key(k): v for k, v in (config or {}).items()}
    secrets = [f"{PROJECT}:{key}" for key in SECRETS]
    return run_program(ROOT / "stack", values, secrets, preview=preview, before=before)


def run_program(
    program: Path,
    values: Mapping[str, str],
    secrets: Sequence[str],
    *,
    preview: bool = False,
    before: Mapping[str, Any] | None = None,
) -> Recording:
    """Run any program as Pulumi does.

    Args:
        program: Its folder.
        values: The configuration, by whole keys.
        secrets: The keys of the encrypted values.
        preview: Whether it is a preview.
        before: The exports of the stack's last `up`, None for a first one.
    """
    recording = Recording()
    folder = str(program)
    sys.path.insert(0, folder)
    try:
        with _event_loop():
            pulumi.runtime.set_mocks(
                Clouds(),
                project=PROJECT,
                stack=STACK,
                preview=preview,
                monitor=Monitor(recording, before),
            )
            pulumi.runtime.set_all_config(dict(values), list(secrets))
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
    """Provide a new event loop with a single thread, in which Pulumi makes the monitor's loop."""
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
    """Return Pulumi.dev.yaml's configuration over Pulumi.yaml's defaults, and a password."""
    return dict(_example())


@functools.cache
def _example() -> dict[str, str]:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    values = {_key(key): declared["default"] for key, declared in project.items()}
    values |= yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    values[_key("dashboardPassword")] = PASSWORD
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}


def _key(key: str) -> str:
    return key if ":" in key else f"{PROJECT}:{key}"
