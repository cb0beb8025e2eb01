"""Faults of a MySQL and of a bucket that are watched beside the three stores.

The table is printed at the end of the module.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from local.aws.process import running as running_aws
from local.proxy import Mode
from tests.conftest import _folder
from tests.faults.deployment import Deployment, deployment
from tests.faults.kinds import Fault, proxied
from tests.faults.more_stores import MoreStores
from tests.faults.row import Row, tried
from tests.faults.test_faults import assert_nothing_lost, assert_reported, show
from tests.service.mariadb import MariaDb


@contextmanager
def mysql_is_read_only(deployment: Deployment) -> Iterator[None]:
    assert deployment.more is not None
    deployment.more.mariadb.execute("SET GLOBAL read_only = 1")
    try:
        yield
    finally:
        deployment.more.mariadb.execute("SET GLOBAL read_only = 0")


@contextmanager
def right_to_put_is_missing(deployment: Deployment) -> Iterator[None]:
    assert deployment.more is not None
    deployment.more.bucket.control.fail("PutObject", "AccessDenied", status=403)
    try:
        yield
    finally:
        deployment.more.bucket.control.clear()


FAULTS: Sequence[Fault] = (
    Fault("refuses connections", "mysql", proxied("mysql", Mode.REFUSE), "unreachable"),
    Fault("hangs", "mysql", proxied("mysql", Mode.HANG), "timeout"),
    Fault("is read-only", "mysql", mysql_is_read_only, "read_only"),
    Fault("refuses connections", "s3", proxied("s3", Mode.REFUSE), "unreachable"),
    Fault("hangs", "s3", proxied("s3", Mode.HANG), "timeout"),
    Fault("right to put is missing", "s3", right_to_put_is_missing, "permission"),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with (
        MariaDb(_folder(tmp_path_factory, "mariadb")) as mariadb,
        running_aws(tmp_path_factory.mktemp("bucket")) as bucket,
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
    row = tried(running, fault)
    rows.append(row)

    assert_reported(row)


def test_after_these_faults_no_outcome_of_the_five_stores_is_lost(running: Deployment) -> None:
    assert_nothing_lost(running)
