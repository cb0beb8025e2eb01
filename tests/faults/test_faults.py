"""Each fault on real servers is reported, delays no other store, and loses nothing.

The table is printed at the end of the module.
"""

import time
from collections.abc import Iterator

import pytest

from tests.conftest import _folder
from tests.faults.deployment import MOST_S, Deployment, deployment
from tests.faults.judging import failures
from tests.faults.kinds import QUICK, Fault
from tests.faults.row import Row, caused

HEAD = (
    "| fault | words | others' delay | polls | green after | lost |",
    "| --- | --- | --- | --- | --- | --- |",
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(_folder(tmp_path_factory, "deployment")) as made:
        yield made


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest, running: Deployment) -> Iterator[list[Row]]:
    """Collect the rows of the table, and print it at the end."""
    rows: list[Row] = []
    yield rows
    show(request, running, rows)


def show(request: pytest.FixtureRequest, running: Deployment, rows: list[Row]) -> None:
    """Print the table."""
    lines = [*HEAD, *(row.text(len(running.lost(row.stamps))) for row in rows)]
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        print("", *lines, sep="\n", flush=True)


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: f"{fault.store}: {fault.name}")
def test_a_fault_is_reported_in_time_with_its_word_and_only_for_its_store(
    running: Deployment, rows: list[Row], fault: Fault
) -> None:
    row = caused(running, fault)
    rows.append(row)

    assert failures(row) == []


def test_after_all_faults_no_outcome_is_lost(running: Deployment) -> None:
    assert_nothing_lost(running)


def assert_nothing_lost(running: Deployment) -> None:
    """Wait until the database has the outcome of each cycle and store."""
    stamps = {cycle["stamp"] for cycle in running.cycles()}

    give_up = time.monotonic() + MOST_S
    while lost := running.lost(stamps):
        assert time.monotonic() < give_up, lost
        time.sleep(0.5)
