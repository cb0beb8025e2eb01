from collections import OrderedDict

from xdist import newhooks

from tests import conftest
from tests.docs.pages import ROOT
from tests.order import SLOW
from tests.scheduler import LoadUnitScheduling
from tests.units import TOGETHER, unit

BROWSERS = ROOT / "tests" / "web"


def node(file: str) -> str:
    return f"tests/web/test_{file}.py::test_it[of::a]"


def test_each_file_of_browser_tests_runs_with_others() -> None:
    named = sorted(f"test_{name}.py" for names in TOGETHER for name in names)

    assert named == sorted(path.name for path in BROWSERS.glob("test_*.py"))


def test_a_unit_has_the_name_of_its_first_file_and_every_other_file_its_own() -> None:
    first, second = TOGETHER[0][:2]

    assert unit(node(second)) == unit(node(first)) == f"tests/web/test_{first}.py"
    assert unit("tests/test_units.py::test_it") == "tests/test_units.py"


def test_units_of_browser_tests_start_early() -> None:
    assert {unit(node(names[0])) for names in TOGETHER} <= set(SLOW)
    assert all(unit(path) == path for path in SLOW)


def test_pytest_xdist_asks_the_scheduler_for_the_unit() -> None:
    scheduler = LoadUnitScheduling.__new__(LoadUnitScheduling)  # its set-up needs processes

    for names in TOGETHER:
        scopes = {scheduler._split_scope(node(name)) for name in names}

        assert scopes == {f"tests/web/test_{names[0]}.py"}


def test_pytest_xdist_has_the_hook_that_makes_the_scheduler() -> None:
    assert hasattr(newhooks, conftest.pytest_xdist_make_scheduler.__name__)


class Process:
    """One of pytest-xdist's, which only receives tests."""

    shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        """Do nothing."""


def test_half_of_the_processes_run_units_that_wait() -> None:
    waiting, others = SLOW[:3], ["tests/a.py", "tests/b.py", "tests/c.py"]
    tests = [f"{file}::test_it" for file in (*waiting, *others)]
    processes = [Process() for _ in range(4)]
    scheduler = LoadUnitScheduling.__new__(LoadUnitScheduling)  # its set-up needs processes
    scheduler.workqueue = OrderedDict((unit(test), {test: False}) for test in tests)
    scheduler.assigned_work = {process: {} for process in processes}
    scheduler.registered_collections = dict.fromkeys(processes, tests)

    for process in processes:
        scheduler._assign_work_unit(process)

    first = [name for process in processes for name in scheduler.assigned_work[process]]
    assert first == [*waiting[:2], *others[:2]]

    scheduler.assigned_work[processes[0]][waiting[0]] = {tests[0]: True}
    for process in processes[:2]:
        scheduler._assign_work_unit(process)

    assert waiting[2] in scheduler.assigned_work[processes[0]]
    assert others[2] in scheduler.assigned_work[processes[1]]
    assert not scheduler.workqueue
