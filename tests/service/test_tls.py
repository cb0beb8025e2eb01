"""TLS with real servers: certificates are verified, and each failure has its error word."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from local.aws.process import RunningAws
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.connections import close, connect
from service.errors import SourceError
from service.settings import ConfigurationError, load
from service.verdict.status import worker_status
from service.verdict.watch import watching
from tests.service import tls_servers
from tests.service.tls_servers import CA, OTHER_CA, certificate

pytestmark = pytest.mark.anyio

RIGHT, WRONG = CA.certificate_pem.decode(), OTHER_CA.certificate_pem.decode()
CERTIFICATES = {
    "right": certificate("127.0.0.1"),
    "other host": certificate("db.example.com"),
    "expired": certificate("127.0.0.1", days=-30),
    "plain text": None,
}
CASES = [
    ("right", "verify-full", RIGHT, "ok"),
    ("right", "verify-ca", RIGHT, "ok"),
    ("right", None, RIGHT, "ok"),  # verified by default
    ("right", "verify-full", WRONG, "tls"),
    ("right", "verify-ca", WRONG, "tls"),
    ("right", "verify-full", None, "tls"),  # the system's CAs do not know it
    ("other host", "verify-full", RIGHT, "tls"),
    ("other host", "verify-ca", RIGHT, "ok"),
    ("other host", None, RIGHT, "tls"),
    ("expired", "verify-full", RIGHT, "tls"),
    ("expired", "verify-ca", RIGHT, "tls"),
    ("plain text", "verify-full", RIGHT, "tls"),
    ("plain text", "verify-ca", RIGHT, "tls"),
]

# Only for PostgreSQL: without a CA nothing is verified.
REQUIRE = [
    ("other host", "require", None, "ok"),
    ("expired", "require", None, "ok"),
    ("right", "require", RIGHT, "ok"),
    ("right", "require", WRONG, "tls"),
    ("plain text", "require", None, "tls"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)  # the server's own user passes through
    return tls_servers.initialize(folder)


@pytest.fixture(scope="module")
def postgres_tls(cluster: Path, request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    with tls_servers.postgres(cluster, CERTIFICATES[request.param]) as environ:
        yield environ


@pytest.fixture(scope="module")
def redis_tls(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Mapping[str, str]]:
    folder = tmp_path_factory.mktemp("redis")
    with tls_servers.redis(folder, CERTIFICATES[request.param]) as environ:
        yield environ


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("postgres_tls", "mode", "ca", "word"),
    [*CASES, *REQUIRE],
    indirect=["postgres_tls"],
    scope="module",
)
async def test_postgres(
    postgres_tls: Mapping[str, str], mode: str | None, ca: str | None, word: str
) -> None:
    variables = {"PGSSLMODE": mode, "PG_CA_CERT": ca}
    environ = dict(postgres_tls) | {name: value for name, value in variables.items() if value}

    assert await written(environ, "postgres") == word
    assert await read(environ, "postgres") == word


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("redis_tls", "mode", "ca", "word"), CASES, indirect=["redis_tls"], scope="module"
)
async def test_valkey(
    redis_tls: Mapping[str, str], mode: str | None, ca: str | None, word: str
) -> None:
    variables = {"VALKEY_SSLMODE": mode, "VALKEY_CA_CERT": ca}
    environ = dict(redis_tls) | {name: value for name, value in variables.items() if value}

    assert await written(environ, "valkey") == word
    assert await read(environ, "valkey") == word


async def test_the_page_reports_tls_for_a_valkey_in_plain_text(keys: dict[str, str]) -> None:
    async with watching(load(keys | {"VALKEY_SSLMODE": "verify-full"})) as watch:
        snapshot = await watch.snapshot(wait_s=10)

    assert worker_status(snapshot).timestamps["valkey"].error == "tls"


@pytest.mark.parametrize("mode", ["verify-full", "verify-ca"])
@pytest.mark.parametrize("prefix", ["PG", "VALKEY"])
def test_an_invalid_ca_is_refused_at_start(prefix: str, mode: str) -> None:
    environ = {
        "PGHOST": "127.0.0.1",
        "PGDATABASE": "postgres",
        "PGUSER": "heartbeat",
        "PGPASSWORD": "trusted",
        "VALKEY_HOST": "127.0.0.1",
        "PGSSLMODE": mode,
        "VALKEY_SSLMODE": mode,
        f"{prefix}_CA_CERT": "/etc/ssl/ca.pem",
    }

    with pytest.raises(ConfigurationError, match=f"{prefix}_CA_CERT"):
        load(environ)


@pytest.mark.parametrize("source", ["iam", "secrets_manager"])
async def test_another_ca_in_front_of_aws_is_a_tls_error(
    aws: RunningAws, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text(WRONG)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    environ = aws.environment() | {"AWS_CA_BUNDLE": str(bundle)}

    assert await written(environ, source) == "tls"
    assert await read(environ, source) == "tls"


async def written(environ: Mapping[str, str], name: str) -> str:
    """Write a stamp; return the word of its result."""
    sources = connect(load(environ))
    try:
        await sources[name].write(Heartbeat(name="worker", timestamp=utc_now()))
    except SourceError as error:
        return error.word
    finally:
        await close(sources)
    return "ok"


async def read(environ: Mapping[str, str], name: str) -> str:
    """Read; return the word of the result."""
    sources = connect(load(environ))
    try:
        found = await sources[name].read()
    except SourceError as error:
        return error.word
    finally:
        await close(sources)
    return found.error or "ok"
