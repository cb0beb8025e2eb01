"""The process's AWS session: certificate chain, algorithm, proxies and rotated certificates."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import permutations
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream
from botocore.httpsession import URLLib3Session
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs

from local.aws.certificates import load as load_identity
from local.aws.folder import Folder
from local.aws.process import RunningAws
from schema.errors import ErrorWord
from schema.heartbeat import Refusal
from service.aws import tls
from service.aws.client import Aws
from service.errors import SourceError
from service.settings import load
from tests.local.aws.clients import Clients
from tests.local.aws.rolesanywhere.test_sessions import register
from tests.service.aws.pki import Holder, encoded, issue

pytestmark = pytest.mark.anyio

ROOT = issue("a root", ca=True)
UPPER = issue("upper", ROOT, ca=True)
LOWER = issue("lower", UPPER, ca=True)


def identity_of(environ: dict[str, str]) -> Aws:
    settings = load(environ).aws
    assert settings is not None
    return Aws(settings)


async def arn(identity: Aws) -> str:
    return str((await identity.call("sts", "get_caller_identity"))["Arn"])


@pytest.fixture
def registered(aws: RunningAws) -> Any:
    """Return a function that registers a CA as the anchor and lets the role trust a name."""

    def make(ca: Holder, name: str) -> dict[str, str]:
        anchor: Any = type("Anchor", (), {"certificate_pem": ca.pem})
        arns = register(Clients(aws), anchor, name)
        return aws.environment() | {f"IAM_{key.upper()}": value for key, value in arns.items()}

    return make


@pytest.mark.parametrize("order", list(permutations([UPPER, LOWER, ROOT]))[::2])
async def test_a_chain_in_any_order_leads_to_the_anchor(
    registered: Any, order: tuple[Holder, ...]
) -> None:
    leaf = issue("chained", LOWER)

    identity = identity_of(registered(ROOT, "chained") | leaf.variables(*order))

    assert ":assumed-role/test-" in await arn(identity)


async def test_without_its_chain_the_same_certificate_is_refused(registered: Any) -> None:
    leaf = issue("chained", LOWER)
    identity = identity_of(registered(ROOT, "chained") | leaf.variables())

    with pytest.raises(SourceError, match="Untrusted"):
        await arn(identity)

    assert identity.credentials.refusal is Refusal.UNTRUSTED_CA


@pytest.mark.parametrize("hash_", [hashes.SHA384, hashes.SHA512])
async def test_a_ca_that_signs_with_another_hash_is_accepted(registered: Any, hash_: Any) -> None:
    ca = issue("strong", ca=True, key=ec.generate_private_key(ec.SECP384R1()), hash_=hash_)
    leaf = issue("client", ca, hash_=hash_, key=ec.generate_private_key(ec.SECP384R1()))

    identity = identity_of(registered(ca, "client") | leaf.variables())

    assert ":assumed-role/test-" in await arn(identity)


@pytest.fixture
def foreign_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a home whose AWS files are foreign and broken."""
    folder = tmp_path / ".aws"
    (folder / "models" / "sts" / "2011-06-15").mkdir(parents=True)
    (folder / "config").write_text("[profile other\nregion = nowhere\n")
    (folder / "credentials").write_text("not even INI = [")
    (folder / "models" / "sts" / "2011-06-15" / "service-2.json").write_text("{")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_DATA_PATH", str(folder / "models"))
    return folder


@pytest.mark.usefixtures("foreign_home")
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_PROFILE": "nosuch"},
        {"AWS_DEFAULT_PROFILE": "nosuch"},
        {"AWS_CONFIG_FILE": "/nosuch/config", "AWS_SHARED_CREDENTIALS_FILE": "/nosuch"},
        {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "other"},
        {"AWS_DEFAULTS_MODE": "auto"},
        {"AWS_DEFAULT_REGION": "eu-north-1"},
    ],
)
async def test_foreign_profiles_files_and_keys_are_ignored(
    aws: RunningAws, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert ":assumed-role/heartbeat-local/" in await arn(identity_of(aws.environment()))


@pytest.fixture
def bundle(aws: RunningAws, tmp_path: Path) -> Path:
    """Return a copy of the stand-in's CA bundle, which a test may remove."""
    copy = tmp_path / "bundle.pem"
    copy.write_bytes(Path(aws.environment()["AWS_CA_BUNDLE"]).read_bytes())
    return copy


async def test_the_ca_bundle_is_read_once_for_all_connections(
    aws: RunningAws, bundle: Path
) -> None:
    identity = identity_of(aws.environment() | {"AWS_CA_BUNDLE": str(bundle)})
    await arn(identity)

    bundle.unlink()

    secret = aws.environment()["SECRETS_MANAGER_SECRET_NAME"]
    response = await identity.call("secretsmanager", "describe_secret", SecretId=secret)
    assert response["Name"] == secret


def test_the_shared_tls_context_trusts_as_strictly_as_botocores_own() -> None:
    """urllib3's own context refuses CAs and names of certificates that botocore accepts."""
    shared, own = tls.context(verify=True), URLLib3Session()._get_ssl_context()

    assert shared is not None
    for name in (
        "verify_flags",
        "check_hostname",
        "hostname_checks_common_name",
        "minimum_version",
    ):
        assert getattr(shared, name) == getattr(own, name), name


async def test_a_ca_bundle_that_vanished_before_the_first_call_is_an_error_of_tls(
    aws: RunningAws, bundle: Path
) -> None:
    identity = identity_of(aws.environment() | {"AWS_CA_BUNDLE": str(bundle)})
    bundle.unlink()

    with pytest.raises(SourceError) as caught:
        await arn(identity)

    assert caught.value.word is ErrorWord.TLS


async def test_requests_to_aws_do_not_wait_for_earlier_packets_to_be_confirmed(
    aws: RunningAws,
) -> None:
    identity = identity_of(aws.environment())
    await arn(identity)
    client = identity._client("sts")

    pool = client._endpoint.http_session._manager.connection_from_url(client.meta.endpoint_url)

    [used] = [each for each in pool.pool.queue if each is not None]
    assert used.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.usefixtures("foreign_home")
@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-west-2", "rolesanywhere.us-west-2.amazonaws.com"),
        ("cn-north-1", "rolesanywhere.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_sessions_are_requested_from_the_regions_endpoint(region: str, host: str) -> None:
    from service.aws.session import open_session, sessions_host

    settings: Any = type("Settings", (), {"region": region})

    assert sessions_host(open_session(settings)) == host


class Proxy:
    """A proxy for HTTP's CONNECT, which records the requested targets."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Proxy"]:
        async with (
            await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
            anyio.create_task_group() as tasks,
        ):
            self.port = listener.extra(SocketAttribute.local_port)
            tasks.start_soon(listener.serve, self._connect)
            yield self
            tasks.cancel_scope.cancel()

    async def _connect(self, near: SocketStream) -> None:
        target = (await near.receive()).decode().split()[1]
        self.targets.append(target)
        host, _, port = target.rpartition(":")
        async with near, await anyio.connect_tcp(host, int(port)) as far:
            await near.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_pump, near, far)
                await _pump(far, near)
                tasks.cancel_scope.cancel()


async def _pump(source: SocketStream, sink: SocketStream) -> None:
    async for data in source:
        await sink.send(data)


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove every proxy from the environment."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.usefixtures("direct")
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
async def test_create_session_uses_the_proxy_like_every_other_call(
    aws: RunningAws, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with Proxy().serving() as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        await arn(identity_of(aws.environment()))

        assert proxy.targets == [f"127.0.0.1:{aws.port}"] * 2  # CreateSession, GetCallerIdentity


@pytest.mark.usefixtures("direct")
async def test_no_proxy_applies_to_create_session_too(
    aws: RunningAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Proxy().serving() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

        await arn(identity_of(aws.environment()))

        assert proxy.targets == []


@pytest.fixture
def by_files(aws: RunningAws, tmp_path: Path) -> dict[str, str]:
    """Return the identity's variables, with certificate and key in files."""
    environ = aws.environment()
    own = load_identity(Folder(aws.data_dir).client.read_bytes())
    for name, pem in (("IAM_CLIENT_CERT", own.certificate_pem), ("IAM_CLIENT_KEY", own.key_pem)):
        del environ[name]
        environ[f"{name}_FILE"] = str(tmp_path / name)
        replace(tmp_path / name, pem)
    return environ


def replace(path: Path, content: bytes) -> None:
    """Replace a file atomically, as rotation does."""
    path.with_suffix(".new").write_bytes(content)
    path.with_suffix(".new").replace(path)


def rotate(environ: dict[str, str], to: Holder) -> None:
    replace(Path(environ["IAM_CLIENT_CERT_FILE"]), to.pem)
    replace(Path(environ["IAM_CLIENT_KEY_FILE"]), to.key_pem)


def anchored(aws: RunningAws, **kind: Any) -> Holder:
    """Issue a new certificate for the stand-in's client by its own anchor."""
    anchor = load_identity(Folder(aws.data_dir).anchor.read_bytes())
    return issue("heartbeat-local", Holder(anchor.certificate, anchor.key), **kind)


async def test_a_rotated_certificate_is_used_without_a_restart(
    aws: RunningAws, by_files: dict[str, str]
) -> None:
    identity = identity_of(by_files)
    before = await arn(identity)
    new = anchored(aws, days=(-1, 90))

    rotate(by_files, new)
    with capture_logs() as lines:
        after = await arn(identity)

    assert f"{new.certificate.serial_number:x}" in after  # which the session is named by
    assert before != after
    assert identity.credentials.certificate_expiry == new.certificate.not_valid_after_utc
    assert [line["event"] for line in lines] == ["certificate_taken"]
    assert await arn(identity) == after
    assert identity.calls["CreateSession"] == 2


async def test_until_both_files_are_replaced_the_previous_certificate_is_used(
    aws: RunningAws, by_files: dict[str, str]
) -> None:
    identity = identity_of(by_files)
    before = await arn(identity)
    new = anchored(aws)

    replace(Path(by_files["IAM_CLIENT_CERT_FILE"]), new.pem)
    with capture_logs() as lines:
        assert await arn(identity) == before
        assert await arn(identity) == before  # and it is logged once
    replace(Path(by_files["IAM_CLIENT_KEY_FILE"]), new.key_pem)

    assert await arn(identity) != before
    [line] = lines
    assert line["event"] == "certificate_not_taken"
    assert "set the two together" in line["reason"]


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\n", None])
async def test_a_file_without_a_certificate_is_logged_and_ignored(
    by_files: dict[str, str], content: bytes | None
) -> None:
    identity = identity_of(by_files)
    before = await arn(identity)
    path = Path(by_files["IAM_CLIENT_CERT_FILE"])
    good = path.read_bytes()

    with capture_logs() as lines:
        path.unlink() if content is None else path.write_bytes(content)
        assert await arn(identity) == before
    assert [line["event"] for line in lines] == ["certificate_not_taken"]

    path.write_bytes(good)
    assert await arn(identity) == before


async def test_a_certificate_that_aws_refuses_keeps_the_current_credentials(
    by_files: dict[str, str],
) -> None:
    identity = identity_of(by_files)
    before = await arn(identity)
    foreign = issue("heartbeat-local", issue("nobody's", ca=True))

    rotate(by_files, foreign)

    assert await arn(identity) == before
    assert identity.credentials.refusal is Refusal.UNTRUSTED_CA
    assert identity.credentials.certificate_expiry == foreign.certificate.not_valid_after_utc


def test_a_text_and_a_file_together_are_refused(by_files: dict[str, str]) -> None:
    from service.settings import ConfigurationError

    certificate = encoded(Path(by_files["IAM_CLIENT_CERT_FILE"]).read_bytes())

    with pytest.raises(ConfigurationError, match="IAM_CLIENT_CERT and IAM_CLIENT_CERT_FILE are bo"):
        load(by_files | {"IAM_CLIENT_CERT": certificate})
