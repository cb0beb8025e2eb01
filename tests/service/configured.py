"""The settings of one store, as an environment gives them."""

from collections.abc import Mapping

from service.kind import Kind, S
from service.settings import load


def settings_of(environ: Mapping[str, str], kind: Kind[S]) -> S:
    """Of the first store of a kind, which there must be."""
    found = load(environ).first(kind)
    assert found is not None
    return found.settings
