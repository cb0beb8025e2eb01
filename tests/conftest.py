"""The real stores that tests run on, started once in a session; each test finds them empty."""

import functools
import gc
import hashlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import botocore.session
import httpcore2
import pytest
import redis
import structlog
from hypothesis import settings as hypothesis_settings

from local.aws.process import RunningAws
from local.postgres import Postgres
from local.valkey import Valkey
from service import garbage
from service.settings import Settings, load
from service.sources.postgres import migration
from tests import order
from tests.examples import examples
from tests.interruption import Interruption
from tests.platform import admin, emptied, project
from tests.platform.cluster import CopiedPostgres
from tests.platform.standin import standin
from tests.reality import Fact
from tests.service.upgraded import migrate, upgraded

if TYPE_CHECKING:
    from xdist.remote import Producer

    from tests.scheduler import LoadUnitScheduling

pytest_plugins = ("tests.platform.option", "tests.summary")

# No example may fail for being slow: the machines that run this are shared.
hypothesis_settings.register_profile("heartbeat", deadline=None, max_examples=examples(50))
hypothesis_settings.load_profile("heartbeat")


@pytest.fixture
def fact(request: pytest.FixtureRequest) -> Fact:
    """The fact that a test proves: see `tests.reality`."""
    mark = request.node.get_closest_marker("reality")
    found: Fact = mark.args[0]
    return found


@pytest.fixture(scope="session", autouse=True)
def computed_once() -> Iterator[None]:
    """Do once what is always the same: derive a key, load CAs, parse AWS's models. Log plainly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashlib, "scrypt", functools.cache(hashlib.scrypt))
        context = functools.cache(httpcore2.default_ssl_context)
        patch.setattr(httpcore2, "default_ssl_context", context)
        loader = functools.cache(botocore.session.create_loader)
        patch.setattr(botocore.session, "create_loader", loader)
        # Its default draws tracebacks with every frame's variables, which takes seconds.
        console = structlog.get_config()["processors"][-1]
        patch.setattr(console, "exception_formatter", structlog.dev.plain_traceback)
        yield


@pytest.fixture(autouse=True)
def log_settings() -> Iterator[None]:
    """Undo a test's log settings: one threshold left behind would hide another test's lines."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def anyio_backend() -> str:
    """asyncpg and redis-py know asyncio only."""
    return "asyncio"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Interruption())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes of pytest-xdist
        order.start_slow_files_first(items)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, which not every run loads
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: "Producer"
) -> "LoadUnitScheduling | None":
    """Hand out units where pytest-xdist would hand out files."""
    from tests.scheduler import LoadUnitScheduling  # takes a while to import

    return LoadUnitScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import the tests without the garbage collector, as the service does with its modules."""
    garbage.pause()
    try:
        return (yield)
    finally:
        garbage.resume()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Let pytest's five last collections of garbage skip what stays alive, such as modules."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def containers(request: pytest.FixtureRequest) -> Iterator[project.Stores | None]:
    """The project that the stores are containers of; None if they are embedded."""
    if request.config.getoption("platform") == "embedded":
        yield None
        return
    with project.removed(project.Stores()) as stores:
        yield stores


@pytest.fixture(scope="session")
def postgres(
    containers: project.Stores | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Postgres | project.Container]:
    """A PostgreSQL of its own; tests that stop it start it again."""
    if containers:
        yield containers.postgres()
        return
    with CopiedPostgres(_folder(tmp_path_factory, "postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(
    containers: project.Stores | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Valkey | project.Container]:
    """A Valkey of its own; tests that stop it start it again."""
    if containers:
        yield containers.valkey()
        return
    with Valkey(_folder(tmp_path_factory, "valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def aws_process(
    containers: project.Stores | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningAws]:
    """A stand-in AWS of its own."""
    folder = _folder(tmp_path_factory, "aws")
    if containers:
        yield containers.aws(folder)
        return
    with standin(folder) as process:
        yield process


@pytest.fixture(scope="session")
def operator(aws_process: RunningAws) -> Any:  # Any: boto3's clients are made at run time
    """Secrets Manager as an operator, who may do everything."""
    return admin.operator(aws_process, "secretsmanager")


@pytest.fixture
def aws(
    aws_process: RunningAws, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningAws]:
    """The stand-in AWS without faults, its secret as if Heartbeat had never written it."""
    reset_aws(aws_process, operator, monkeypatch)
    yield aws_process
    aws_process.control.reset()


@pytest.fixture
def database(
    postgres: Postgres | project.Container, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """An empty database; the variables that lead to it."""
    return empty_database(postgres, monkeypatch)


@pytest.fixture
def migrated(database: dict[str, str]) -> None:
    """Bring the test's database to this version's schema, as a deployment's migrate command does.

    A process that finds an empty one starts another to migrate it, for most of a second of CPU.
    """
    migrate(database)


@pytest.fixture
def keys(valkey: Valkey | project.Container) -> dict[str, str]:
    """An empty Valkey; the variables that lead to it."""
    return empty_keys(valkey)


def reset_aws(process: RunningAws, operator: Any, patch: pytest.MonkeyPatch) -> None:
    """Remove all faults from the stand-in AWS, and what Heartbeat wrote into its secret."""
    environ = process.environment()
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ROLESANYWHERE", "AWS_CA_BUNDLE"):
        patch.setenv(name, environ[name])  # botocore reads these by itself
    process.control.reset()
    operator.update_secret(SecretId=environ["SECRETS_MANAGER_SECRET_NAME"], Description="")


def empty_database(
    server: Postgres | project.Container, patch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Empty the database of tests; return the variables that lead to it."""
    # Hundreds of tests migrate theirs: a process for each would take a second of CPU.
    patch.setattr(migration, "upgrade", upgraded)
    environ = dict(server.environment)
    anyio.run(emptied.empty, environ)
    return environ | {"PGDATABASE": emptied.NAME}


def empty_keys(server: Valkey | project.Container) -> dict[str, str]:
    """Empty Valkey; return the variables that lead to it."""
    environ = dict(server.environment)
    with redis.Redis(
        host=environ["VALKEY_HOST"],
        port=int(environ["VALKEY_PORT"]),
        password=environ["VALKEY_PASSWORD"],
    ) as client:
        client.flushall()
    return environ


@pytest.fixture
def environ(database: dict[str, str], keys: dict[str, str], aws: RunningAws) -> dict[str, str]:
    """The variables of a process that uses all stores."""
    return {**database, **keys, **aws.environment(), "HEARTBEAT_INTERVAL_SECONDS": "60"}


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    """The settings of a process that uses all stores."""
    return load(environ)


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """Make a folder that PostgreSQL's own user may enter."""
    folder = factory.mktemp(name)
    for parent in (folder, *folder.parents):
        if parent.owner() == folder.owner() and parent.stat().st_mode & 0o111 != 0o111:
            parent.chmod(parent.stat().st_mode | 0o011)
    return folder
