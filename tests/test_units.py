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
