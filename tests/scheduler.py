"""A scheduler of pytest-xdist; a module of its own, since only the controlling process needs it."""

from typing_extensions import override
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from tests.order import WAITING
from tests.units import unit


class LoadUnitScheduling(LoadFileScheduling):  # type: ignore[misc] # it has no types
    """Hands a unit's tests to one process: see `tests.units`.

    Half of the processes run units that mostly wait, as long as there are any: more at a time would
    leave the cores idle, and fewer would leave them to the end.
    """

    @override
    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)

    @override
    def _assign_work_unit(self, node: WorkerController) -> None:
        waits = sum(map(self._waits, self.nodes)) < len(self.nodes) // 2
        wanted = (name for name in self.workqueue if (name in WAITING) is waits)
        if name := next(wanted, None):
            self.workqueue.move_to_end(name, last=False)
        super()._assign_work_unit(node)

    def _waits(self, node: WorkerController) -> bool:
        units = self.assigned_work[node]
        return any(name in WAITING and not all(ended.values()) for name, ended in units.items())
