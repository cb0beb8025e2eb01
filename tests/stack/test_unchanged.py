"""A stack deployed by the previous version needs no change under this one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stack.conftest import Program

BEFORE: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("deployed_before.json").read_text()
)
LONG = 300  # characters; certificates and policies, which are new in each run


@pytest.mark.parametrize("variant", BEFORE)
def test_the_same_resources_are_registered_with_the_same_inputs(
    program: Program, variant: str
) -> None:
    now = {
        r.urn: _without_environment(_shortened(r.inputs)) for r in program(variant).registrations
    }

    assert now == BEFORE[variant]


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    is_new = isinstance(value, str) and ("-----BEGIN" in value or len(value) > LONG)
    return "…" if is_new else value


def _without_environment(inputs: dict[str, Any]) -> dict[str, Any]:
    """Remove the variables: those that are new in this version change the app alone."""
    spec = inputs.get("spec", {})
    for part in (
        spec,
        *(c for kind in ("services", "workers", "jobs") for c in spec.get(kind, [])),
    ):
        part.pop("envs", None)
    return inputs
