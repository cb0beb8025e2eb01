"""The faults of a MySQL and of a bucket."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from local.proxy import Mode
from tests.faults.deployment import Deployment
from tests.faults.kinds import Fault, proxied


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
