"""Faults of a MySQL and of a bucket that are watched beside the three stores.

The table is printed at the end of the module.
"""

from collections.abc import Iterator

import pytest

from tests.conftest import _folder
from tests.faults.deployment import Deployment, deployment
from tests.faults.judging import failures
from tests.faults.kinds import Fault
from tests.faults.more_kinds import FAULTS
from tests.faults.more_stores import MoreStores
from tests.faults.row import Row, caused
from tests.faults.test_faults import assert_nothing_lost, show
from tests.platform.standin import standin
from tests.service.mariadb import MariaDb


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with (
        MariaDb(_folder(tmp_path_factory, "mariadb")) as mariadb,
        standin(tmp_path_factory.mktemp("bucket")) as bucket,
        deployment(_folder(tmp_path_factory, "deployment"), MoreStores(mariadb, bucket)) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest, running: Deployment) -> Iterator[list[Row]]:
    """Collect the rows of the table, and print it at the end."""
    rows: list[Row] = []
    yield rows
    show(request, running, rows)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.store}: {fault.name}")
def test_a_fault_of_a_further_store_is_reported_like_those_of_the_three(
    running: Deployment, rows: list[Row], fault: Fault
) -> None:
    row = caused(running, fault)
    rows.append(row)

    assert failures(row) == []


def test_after_these_faults_no_outcome_of_the_five_stores_is_lost(running: Deployment) -> None:
    assert_nothing_lost(running)
