"""The settings' defaults, which only Pulumi.yaml defines."""

import json
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).with_name("defaults.yaml")  # Pulumi.yaml, where the package is installed


def defaults() -> dict[str, str]:
    """Return each setting's default, as Pulumi would pass it to the program."""
    declared = yaml.safe_load(PROJECT.read_text())["config"]
    return {key: text(each["default"]) for key, each in declared.items()}


def text(value: Any) -> str:  # Any: YAML's
    """Return a value as Pulumi passes it to the program: text, or JSON."""
    return value if isinstance(value, str) else json.dumps(value)
