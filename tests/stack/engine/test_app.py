"""From state to processes: what `pulumi up` deploys is the real app, and it is green."""

import base64
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from botocore.exceptions import ClientError
from iam_rolesanywhere_session import IAMRolesAnywhereSession
from iam_rolesanywhere_session.exceptions import CredentialsRetrievalError

from local.aws.process import RunningAws
from local.aws.process import running as running_aws
from tests.service import tls_servers
from tests.stack import bindables
from tests.stack.engine.conftest import NewEngine
from tests.stack.engine.platform import Component, Platform
from tests.stack.engine.pulumi import Engine
from tests.stack.recorder import PASSWORD

pytestmark = pytest.mark.engine
DEADLINE_S = 60.0  # a bound for a hang, not a figure
INTERVAL_S = 5  # a write has 4 s then, which even a busy machine can keep


@dataclass(frozen=True)
class World:
    """A deployed stack, and where its components can run."""

    engine: Engine
    platform: Platform
    outside: Mapping[str, str]

    @property
    def spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.engine.resource("app")["inputs"]["spec"]
        return spec

    def session(self, spec: Mapping[str, Any]) -> Any:
        """AWS as a spec's certificate gets it; the session begins at the first call."""
        environ = bindables.environ(spec, "worker")
        return IAMRolesAnywhereSession(
            profile_arn=environ["IAM_PROFILE_ARN"],
            role_arn=environ["IAM_ROLE_ARN"],
            trust_anchor_arn=environ["IAM_TRUST_ANCHOR_ARN"],
            certificate=base64.b64decode(environ["IAM_CLIENT_CERT"]),
            private_key=base64.b64decode(environ["IAM_CLIENT_KEY"]),
            region=environ["AWS_REGION"],
            endpoint=self.outside["AWS_ENDPOINT_URL_ROLESANYWHERE"].removeprefix("https://"),
            verify=self.outside["AWS_CA_BUNDLE"],
        ).get_session()

    def secrets(self, session: Any) -> Any:
        return session.client(
            "secretsmanager",
            endpoint_url=self.outside["AWS_ENDPOINT_URL"],
            verify=self.outside["AWS_CA_BUNDLE"],
        )


@pytest.fixture(scope="module")
def world(new_engine: NewEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stack after its first `up`: databases with TLS, and the stand-in AWS."""
    with ExitStack() as stack:
        aws: RunningAws = stack.enter_context(running_aws(tmp_path_factory.mktemp("aws")))
        engine = new_engine(aws)
        engine.configure(network="public", intervalSeconds=INTERVAL_S)
        engine.up()
        outside = {
            name: value
            for name, value in aws.environment().items()
            if name.startswith(("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"))
        }
        bound = _databases(stack, tmp_path_factory)
        yield World(engine, Platform(bound, outside, tmp_path_factory.mktemp("logs")), outside)


def test_what_is_deployed_is_green(world: World) -> None:
    spec = world.spec
    world.platform.job(spec, "migrate")

    with (
        world.platform.running(spec, "worker") as worker,
        world.platform.running(spec, "api") as api,
    ):
        status = _green(api)
        closed = httpx2.get(f"{api.url}/worker/status")
        alive = httpx2.get(f"{worker.health_url}/livez")

    assert {row["status"] for row in status["timestamps"].values()} == {"ok"}
    assert status["iam"]["status"] == "ok"
    assert closed.status_code == 401
    assert alive.status_code == 200


def test_the_role_may_touch_the_one_secret_only_as_the_worker_does(world: World) -> None:
    name = bindables.environ(world.spec, "worker")["SECRETS_MANAGER_SECRET_NAME"]
    secrets = world.secrets(world.session(world.spec))

    secrets.describe_secret(SecretId=name)
    secrets.get_secret_value(SecretId=name)
    secrets.update_secret(SecretId=name, Description="by a test")
    denied = [
        _denied(lambda: secrets.put_secret_value(SecretId=name, SecretString="{}")),
        _denied(lambda: secrets.delete_secret(SecretId=name)),
        _denied(lambda: secrets.get_secret_value(SecretId="heartbeat/local")),
        _denied(lambda: secrets.update_secret(SecretId="heartbeat/local", Description="x")),
        _denied(secrets.list_secrets),
    ]

    assert all(denied)


def test_a_rotation_fails_no_cycle_and_a_revocation_ends_the_old_identity(world: World) -> None:
    engine, first = world.engine, world.spec
    world.platform.job(first, "migrate")
    with (
        world.platform.running(first, "worker") as old,
        world.platform.running(first, "api") as api,
    ):
        _green(api)
        engine.configure(identityGenerations=[1, 2])
        engine.up()
        second = world.spec
        with world.platform.running(second, "worker") as new:
            _beats(new, 2)
            world.secrets(world.session(first)).describe_secret(SecretId=_secret(first))
            old.process.terminate()
            old.process.finish(30.0)
            engine.configure(identityGenerations=[2])
            engine.up()
            assert world.spec == second
            _beats(new, 4)
            _green(api)

    for worker in (old, new):
        assert not _failures(worker)
    assert _denied(lambda: world.secrets(world.session(first)).describe_secret(SecretId="x"))

    held = world.secrets(world.session(second))
    held.describe_secret(SecretId=_secret(second))
    time.sleep(1.1)  # a session's time of issue has whole seconds
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    engine.configure(identityGenerations=[4], identityRevokedBefore=now, updateSecrets=True)
    engine.up()

    assert _denied(lambda: held.describe_secret(SecretId=_secret(second)))
    assert _denied(lambda: world.secrets(world.session(second)).describe_secret(SecretId="x"))
    with world.platform.running(world.spec, "worker") as revoked_to:
        _beats(revoked_to, 1)
    assert not _failures(revoked_to)


def _databases(stack: ExitStack, factory: pytest.TempPathFactory) -> dict[str, str]:
    """Real databases that speak TLS; what the platform's bindables resolve to."""
    identity = tls_servers.certificate("127.0.0.1")
    folders = [factory.mktemp(name) for name in ("postgres", "valkey")]
    for folder in (*folders, *folders[0].parents):
        if folder.owner() == folders[0].owner():
            folder.chmod(folder.stat().st_mode | 0o011)
    cluster = tls_servers.initialize(folders[0])
    postgres = stack.enter_context(tls_servers.postgres(cluster, identity))
    valkey = stack.enter_context(tls_servers.redis(folders[1], identity))
    return {
        "CA_CERT": tls_servers.CA.certificate_pem.decode(),
        "HOSTNAME": "127.0.0.1",
        "pg.PORT": postgres["PGPORT"],
        "pg.DATABASE": postgres["PGDATABASE"],
        "pg.USERNAME": postgres["PGUSER"],
        "pg.PASSWORD": postgres["PGPASSWORD"],
        "valkey.PORT": valkey["VALKEY_PORT"],
        "valkey.PASSWORD": valkey["VALKEY_PASSWORD"],
    }


def _green(api: Component) -> dict[str, Any]:
    """The status, once it is good."""
    deadline, status = time.monotonic() + DEADLINE_S, {}
    while time.monotonic() < deadline:
        assert api.process.running, api.log.read_text()
        try:
            reply = httpx2.get(f"{api.url}/worker/status", auth=("heartbeat", PASSWORD), timeout=5)
        except httpx2.TransportError:
            continue
        status = dict(reply.raise_for_status().json())
        if status["overall_status"] == "ok" and status["diagnosis"]["code"] == "healthy":
            return status
        time.sleep(0.1)
    raise AssertionError(status)


def _beats(worker: Component, cycles: int) -> None:
    """Returns when a worker has made so many cycles."""
    deadline = time.monotonic() + DEADLINE_S
    while len(_cycles(worker)) < cycles:
        assert worker.process.running, worker.log.read_text()
        assert time.monotonic() < deadline, worker.log.read_text()
        time.sleep(0.05)


def _failures(worker: Component) -> list[dict[str, Any]]:
    """The cycles in which something was not `ok`."""
    assert _cycles(worker)
    return [cycle for cycle in _cycles(worker) if any(word != "ok" for word in _words(cycle))]


def _cycles(worker: Component) -> list[dict[str, Any]]:
    lines = [json.loads(x) for x in worker.log.read_text().splitlines() if x.endswith("}")]
    return [line for line in lines if line["event"] == "cycle"]


def _words(cycle: Mapping[str, Any]) -> list[str]:
    return [part["result"] for part in cycle.values() if isinstance(part, dict)]


def _secret(spec: Mapping[str, Any]) -> str:
    return bindables.environ(spec, "worker")["SECRETS_MANAGER_SECRET_NAME"]


def _denied(call: Any) -> bool:
    try:
        call()
    except ClientError as error:
        return "AccessDenied" in str(error)
    except CredentialsRetrievalError as error:
        return "Unable to assume role" in str(error)
    return False
