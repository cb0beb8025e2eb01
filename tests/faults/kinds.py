"""The faults: what each does to a real server, how it ends, and what must be reported."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from local.proxy import Mode
from tests.faults.world import World
from tests.service.pgbouncer import pgbouncer


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: For people.
        store: The slug of the store that it concerns.
        disturb: Holds for as long as the block runs.
        words: What one of the sentences must contain meanwhile; empty if nothing is to be said.
        writable: Whether the store goes on taking writes, so that no poll may be 503.
    """

    name: str
    store: str
    disturb: Callable[[World], AbstractContextManager[None]]
    words: str = ""
    writable: bool = False


def proxied(store: str, mode: Mode) -> Callable[[World], AbstractContextManager[None]]:
    """Disturb the connections through a store's proxy."""

    @contextmanager
    def disturb(world: World) -> Iterator[None]:
        world.switch(store, mode)
        try:
            yield
        finally:
            world.switch(store, Mode.PASS)

    return disturb


@contextmanager
def sessions_killed(world: World) -> Iterator[None]:
    for _ in range(3):
        world.end_sessions()
    yield
    world.end_sessions()


@contextmanager
def idle_sessions_end(world: World) -> Iterator[None]:
    """End idle sessions before the next poll, as a role's setting, a pool or a network does."""
    world.sql("ALTER SYSTEM SET idle_session_timeout = '300ms'", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        world.sql("ALTER SYSTEM RESET idle_session_timeout", "SELECT pg_reload_conf()")


@contextmanager
def through_a_pool(world: World) -> Iterator[None]:
    """Put Debian's PgBouncer in transaction mode between, like a provider's pool."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        environ = stack.enter_context(pgbouncer(folder, world.database.environment))
        world.lead_to(int(environ["PGPORT"]))
        try:
            yield
        finally:  # the pool's end ends its sessions
            world.proxies["postgres"].target_port = world.database.port


@contextmanager
def failover(world: World) -> Iterator[None]:
    """Point the address to a replica, as pooled connections do; then promote it."""
    world.lead_to(world.standby.port)
    yield
    world.portal.call(world.standby.promote)
    world.database = world.standby


@contextmanager
def valkey_is_a_replica(world: World) -> Iterator[None]:
    with world.keys() as keys:
        keys.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            yield
        finally:
            keys.execute_command("REPLICAOF", "NO", "ONE")


def acl(*rules: str) -> Callable[[World], AbstractContextManager[None]]:
    """Revoke rights of Valkey's user."""

    @contextmanager
    def disturb(world: World) -> Iterator[None]:
        with world.keys() as keys:
            administrator = ("ACL", "SETUSER", "default")
            keys.execute_command(*administrator, *rules)
            try:
                yield
            finally:
                keys.execute_command(*administrator, "+@all")

    return disturb


@contextmanager
def valkey_is_full(world: World) -> Iterator[None]:
    with world.keys() as keys:
        keys.config_set("maxmemory", "1")
        try:
            yield
        finally:
            keys.config_set("maxmemory", "64mb")


def aws(method: str, *arguments: str) -> Callable[[World], AbstractContextManager[None]]:
    """Let the stand-in AWS refuse, hang or cut."""

    @contextmanager
    def disturb(world: World) -> Iterator[None]:
        getattr(world.aws.control, method)(*arguments)
        try:
            yield
        finally:
            world.aws.control.clear()

    return disturb


@contextmanager
def value_replaced(world: World) -> Iterator[None]:
    secret = world.aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    world.operator().put_secret_value(SecretId=secret, SecretString='{"rotated": true}')
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
"""Those of the suite."""

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
"""Those of `make soak` besides."""
