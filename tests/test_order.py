from types import SimpleNamespace
from typing import Any

from tests.docs import commands
from tests.docs.pages import ROOT
from tests.order import SLOW, seconds_by_file, start_slow_files_first


def test_the_list_names_files_that_exist_once() -> None:
    assert [path for path in SLOW if not (ROOT / path).is_file()] == []
    assert len(set(SLOW)) == len(SLOW)


def test_slow_files_start_first_and_keep_the_order_of_their_tests() -> None:
    ids = ["tests/b.py::one", f"{SLOW[1]}::two", f"{SLOW[1]}::one", "tests/a.py::one", SLOW[0]]
    items: Any = [SimpleNamespace(nodeid=each) for each in ids]

    start_slow_files_first(items)

    started = [item.nodeid for item in items]
    assert started == [SLOW[0], f"{SLOW[1]}::two", f"{SLOW[1]}::one", ids[0], ids[3]]


def test_the_test_command_keeps_that_order() -> None:
    assert "--no-loadscope-reorder" in commands.dry_run(("test",))


def test_a_files_seconds_are_those_of_all_its_reports() -> None:
    reports: Any = [
        SimpleNamespace(nodeid="tests/a.py::one", duration=1.0),
        SimpleNamespace(nodeid="tests/b.py::one", duration=2.5),
        SimpleNamespace(nodeid="tests/a.py::two", duration=2.0),
    ]

    assert seconds_by_file(reports) == [(3.0, "tests/a.py"), (2.5, "tests/b.py")]
