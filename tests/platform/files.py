"""The two compose files, read as Compose reads them."""

import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


class Override(list[Any]):
    """A list in place of the one below, to which Compose would otherwise add."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # yaml comes without types
    """Knows Compose's own tag."""


_Loader.add_constructor("!override", lambda loader, node: Override(loader.construct_sequence(node)))


def read(file: Path, chosen: Mapping[str, str]) -> dict[str, Any]:
    """A file with its variables replaced; those of the shell inside it stay."""
    text = string.Template(file.read_text()).safe_substitute(chosen)
    parsed: dict[str, Any] = yaml.load(text, _Loader)
    return parsed


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both, by the rules of https://docs.docker.com/reference/compose-file/merge/."""
    result = dict(below)
    for key, value in above.items():
        old = below.get(key)
        if isinstance(old, dict):
            result[key] = merged(old, value)
        elif isinstance(old, list) and key not in {"command", "test"} and type(value) is list:
            result[key] = [*old, *value]
        else:
            result[key] = value
    return result
