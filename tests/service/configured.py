"""Find the settings of one store in an environment."""

from collections.abc import Mapping

from service.kind import D, Kind, S
from service.settings import load


def settings_of(environ: Mapping[str, str], kind: Kind[S, D]) -> S:
    """Return the settings of the first store of a kind; fail if there is none."""
    found = load(environ).first(kind)
    assert found is not None
    return found.settings
