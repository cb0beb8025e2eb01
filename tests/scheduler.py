"""A scheduler of pytest-xdist; a module of its own, since only the controlling process needs it."""

from typing_extensions import override
from xdist.scheduler import LoadFileScheduling

from tests.units import unit


class LoadUnitScheduling(LoadFileScheduling):  # type: ignore[misc] # it has no types
    """Hands a unit's tests to one process: see `tests.units`."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
