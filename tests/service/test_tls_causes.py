"""TLS failures have their causes; a connection that was only closed has none."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from local.aws.process import RunningAws
from local.proxy import Mode, Proxy, serving
from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.connections import close, connect
from service.errors import SourceError
from service.settings import load
from service.worker.cycle import stamp_all
from tests.service import tls_servers
from tests.service.test_tls import CERTIFICATES, RIGHT, WRONG

pytestmark = pytest.mark.anyio

CASES = [
    ("right", WRONG, Cause.UNTRUSTED),
    ("other host", RIGHT, Cause.WRONG_HOST),
    ("expired", RIGHT, Cause.CERTIFICATE_EXPIRED),
    ("plain text", RIGHT, Cause.NO_TLS),
]
AWS_SOURCES = ["iam", "secrets_manager"]


async def failures(
    environ: Mapping[str, str], name: str
) -> list[tuple[ErrorWord | None, Cause | None]]:
    """Write and read, which must fail; return word and cause of each."""
    sources = connect(load(environ))
    with pytest.raises(SourceError) as written:
        await sources[name].write(Heartbeat(name="worker", timestamp=utc_now()))
    try:
        found = await sources[name].read()
        read = (found.error, found.cause)  # the identity raises nothing
    except SourceError as error:
        read = (error.word, error.cause)
    await close(sources)
    assert written.value.detail
    return [(written.value.word, written.value.cause), read]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("server", "ca", "cause"), CASES)
async def test_valkeys_tls_has_its_cause(
    tmp_path: Path, server: str, ca: str, cause: Cause
) -> None:
    with tls_servers.redis(tmp_path, CERTIFICATES[server]) as environ:
        errors = await failures({**environ, "VALKEY_CA_CERT": ca}, "valkey")

    assert errors == [(ErrorWord.TLS, cause)] * 2


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("causes")
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)  # the server's own user passes through
    return tls_servers.initialize(folder)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("server", "ca", "cause"), CASES)
async def test_postgresqls_tls_has_its_cause(
    cluster: Path, server: str, ca: str, cause: Cause
) -> None:
    with tls_servers.postgres(cluster, CERTIFICATES[server]) as environ:
        errors = await failures({**environ, "PG_CA_CERT": ca}, "postgres")

    assert errors == [(ErrorWord.TLS, cause)] * 2


@pytest.mark.parametrize("name", AWS_SOURCES)
async def test_aws_behind_another_ca_is_not_trusted(
    aws: RunningAws, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text(WRONG)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))

    errors = await failures(aws.environment() | {"AWS_CA_BUNDLE": str(bundle)}, name)

    assert errors == [(ErrorWord.TLS, Cause.UNTRUSTED)] * 2


@pytest.mark.parametrize("name", AWS_SOURCES)
async def test_aws_that_closes_during_tls_is_unreachable_and_retried(
    aws: RunningAws, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(aws.port)
    environ = redirected(aws, proxy.port, monkeypatch)
    async with serving(proxy):
        await proxy.switch(Mode.CUT)
        errors = await failures(environ, name)

        sources = connect(load(environ))
        heartbeat = Heartbeat(name="worker", timestamp=utc_now())
        (outcome,) = await stamp_all({name: sources[name]}, heartbeat, 3.0)
        await close(sources)

    assert errors == [(ErrorWord.UNREACHABLE, None)] * 2
    assert outcome.result in {ErrorWord.UNREACHABLE, ErrorWord.TIMEOUT}
    assert outcome.attempts > 1


@pytest.mark.parametrize("name", AWS_SOURCES)
async def test_aws_in_plain_text_speaks_no_tls(
    aws: RunningAws, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plain_text() as port:
        errors = await failures(redirected(aws, port, monkeypatch), name)

    assert errors == [(ErrorWord.TLS, Cause.NO_TLS)] * 2


def redirected(aws: RunningAws, port: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the variables with another port, and set those that botocore reads."""
    environ = {
        name: value.replace(f":{aws.port}", f":{port}") for name, value in aws.environment().items()
    }
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ROLESANYWHERE"):
        monkeypatch.setenv(name, environ[name])
    return environ


@contextmanager
def plain_text() -> Iterator[int]:
    """Run a server in plain text that answers everything with HTTP 400."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_answer, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _answer(listener: socket.socket) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            client.recv(4096)
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
