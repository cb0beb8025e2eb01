"""A stack deployed by the previous version needs no change under this one."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from service import settings
from tests.stack import bindables
from tests.stack.conftest import GIVEN, Program

BEFORE: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("deployed_before.json").read_text()
)
VARIABLES: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("variables_before.json").read_text()
)
"""The variables of every component, which the version before the sources of URLs deployed."""
LONG = 300  # characters; certificates and policies, which are new in each run
HEAD = "SCHEMA_HEAD"  # a newer version has a newer schema


@pytest.mark.parametrize("variant", BEFORE)
def test_the_same_resources_are_registered_with_the_same_inputs(
    program: Program, variant: str
) -> None:
    now = {
        r.urn: _without_environment(_shortened(r.inputs)) for r in program(variant).registrations
    }

    assert now == BEFORE[variant]


@pytest.mark.parametrize("variant", VARIABLES)
def test_every_component_keeps_its_variables(program: Program, variant: str) -> None:
    recording = program(variant)
    before = VARIABLES[variant].items()

    for component in recording.components:
        now = {v["key"]: v["value"] for v in (*recording.spec["envs"], *component["envs"])}
        assert now.keys() >= VARIABLES[variant].keys()
        kept = {name: now[name] for name, value in before if value != "…" and name != HEAD}
        assert kept == {name: value for name, value in before if name in kept}


@pytest.mark.parametrize("variant", VARIABLES)
def test_the_variables_of_before_configure_the_same_sources(variant: str) -> None:
    identity = {
        "IAM_CLIENT_CERT": base64.b64encode(GIVEN.certificate.encode()).decode(),
        "IAM_CLIENT_KEY": base64.b64encode(GIVEN.key.encode()).decode(),
    }
    envs = [{"key": k, "value": v} for k, v in (VARIABLES[variant] | identity).items()]
    spec = {"envs": [], "workers": [{"name": "worker", "envs": envs}]}

    loaded = settings.load(bindables.environ(spec, "worker"))

    assert [(each.name, each.title, each.kind.name) for each in loaded.sources] == [
        ("postgres", "PostgreSQL", "postgres"),
        ("valkey", "Valkey", "valkey"),
        ("secrets_manager", "AWS Secrets Manager", "secrets_manager"),
        ("iam", "AWS IAM Roles Anywhere", "iam"),
    ]
    assert loaded.history is loaded.sources[0]
    assert loaded.warnings() == []


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    is_new = isinstance(value, str) and ("-----BEGIN" in value or len(value) > LONG)
    return "…" if is_new else value


def _without_environment(inputs: dict[str, Any]) -> dict[str, Any]:
    """Remove the variables, because a new variable only changes the app."""
    spec = inputs.get("spec", {})
    for part in (
        spec,
        *(c for kind in ("services", "workers", "jobs") for c in spec.get(kind, [])),
    ):
        part.pop("envs", None)
    return inputs
