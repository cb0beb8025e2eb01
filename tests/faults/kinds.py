"""The faults: how each one disturbs a real server, how it ends, and the expected report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from local.proxy import Mode
from tests.faults.deployment import Deployment
from tests.service.pgbouncer import pgbouncer


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: A description for the table.
        store: The slug of the disturbed store.
        disturb: A context manager; the fault lasts until the block ends.
        words: Text that a sentence must contain during the fault; empty if none must.
        writable: Whether the store keeps accepting writes, so that no poll may answer 503.
    """

    name: str
    store: str
    disturb: Callable[[Deployment], AbstractContextManager[None]]
    words: str = ""
    writable: bool = False


def proxied(store: str, mode: Mode) -> Callable[[Deployment], AbstractContextManager[None]]:
    """Disturb the connections through a store's proxy."""

    @contextmanager
    def disturb(deployment: Deployment) -> Iterator[None]:
        deployment.switch(store, mode)
        try:
            yield
        finally:
            deployment.switch(store, Mode.PASS)

    return disturb


@contextmanager
def sessions_killed(deployment: Deployment) -> Iterator[None]:
    for _ in range(3):
        deployment.end_sessions()
    yield
    deployment.end_sessions()


@contextmanager
def idle_sessions_end(deployment: Deployment) -> Iterator[None]:
    """End idle sessions before the next poll, as a role's setting, pools and networks do."""
    deployment.sql("ALTER SYSTEM SET idle_session_timeout = '300ms'", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        deployment.sql("ALTER SYSTEM RESET idle_session_timeout", "SELECT pg_reload_conf()")


@contextmanager
def through_a_pool(deployment: Deployment) -> Iterator[None]:
    """Route connections through Debian's PgBouncer in transaction mode, like a provider's pool."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        environ = stack.enter_context(pgbouncer(folder, deployment.database.environment))
        deployment.lead_to(int(environ["PGPORT"]))
        try:
            yield
        finally:  # stopping the pool ends its sessions
            deployment.proxies["postgres"].target_port = deployment.database.port


@contextmanager
def failover(deployment: Deployment) -> Iterator[None]:
    """Redirect PostgreSQL's address to a replica, then promote it."""
    deployment.lead_to(deployment.standby.port)
    yield
    deployment.portal.call(deployment.standby.promote)
    deployment.database = deployment.standby


@contextmanager
def valkey_is_a_replica(deployment: Deployment) -> Iterator[None]:
    with deployment.keys() as keys:
        keys.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            yield
        finally:
            keys.execute_command("REPLICAOF", "NO", "ONE")


def acl(*rules: str) -> Callable[[Deployment], AbstractContextManager[None]]:
    """Revoke rights of Valkey's user."""

    @contextmanager
    def disturb(deployment: Deployment) -> Iterator[None]:
        with deployment.keys() as keys:
            administrator = ("ACL", "SETUSER", "default")
            keys.execute_command(*administrator, *rules)
            try:
                yield
            finally:
                keys.execute_command(*administrator, "+@all")

    return disturb


@contextmanager
def valkey_is_full(deployment: Deployment) -> Iterator[None]:
    with deployment.keys() as keys:
        keys.config_set("maxmemory", "1")
        try:
            yield
        finally:
            keys.config_set("maxmemory", "64mb")


def aws(method: str, *arguments: str) -> Callable[[Deployment], AbstractContextManager[None]]:
    """Make the stand-in AWS refuse calls, hang, or cut connections."""

    @contextmanager
    def disturb(deployment: Deployment) -> Iterator[None]:
        getattr(deployment.aws.control, method)(*arguments)
        try:
            yield
        finally:
            deployment.aws.control.clear()

    return disturb


@contextmanager
def value_replaced(deployment: Deployment) -> Iterator[None]:
    secret = deployment.aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    deployment.operator().put_secret_value(SecretId=secret, SecretString='{"rotated": true}')
    yield


QUICK: Sequence[Fault] = (
    Fault("sessions killed", "postgres", sessions_killed, writable=True),
    Fault("idle sessions end after 0.3 s", "postgres", idle_sessions_end, writable=True),
    Fault("a pool in transaction mode", "postgres", through_a_pool, writable=True),
    Fault("refuses connections", "postgres", proxied("postgres", Mode.REFUSE), "unreachable"),
    Fault("hangs", "valkey", proxied("valkey", Mode.HANG), "timeout"),
    Fault("is a replica", "valkey", valkey_is_a_replica, "read_only"),
    Fault("right to write revoked", "valkey", acl("-@write"), "permission"),
    Fault(
        "closes during TLS", "secrets_manager", proxied("secrets_manager", Mode.CUT), "unreachable"
    ),
    Fault("value replaced", "secrets_manager", value_replaced, "written again at", writable=True),
    Fault("replica, then promoted", "postgres", failover, "read_only"),
)
"""The faults that the test suite causes."""

MORE: Sequence[Fault] = (
    Fault("hangs", "postgres", proxied("postgres", Mode.HANG), "timeout"),
    Fault("cuts connections", "postgres", proxied("postgres", Mode.CUT), "unreachable"),
    Fault("refuses connections", "valkey", proxied("valkey", Mode.REFUSE), "unreachable"),
    Fault("memory is full", "valkey", valkey_is_full, "full"),
    Fault("hangs", "secrets_manager", aws("hang"), "timeout"),
    Fault("throttles writes", "secrets_manager", aws("throttle", "UpdateSecret"), "throttled"),
    Fault(
        "refuses writes",
        "secrets_manager",
        aws("fail", "UpdateSecret", "AccessDeniedException"),
        "permission",
    ),
)
"""Further faults, which only `make soak` causes."""
