"""A deployed app's components run with the environment of its spec."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from botocore.exceptions import ClientError
from iam_rolesanywhere_session.exceptions import CredentialsRetrievalError

from local.aws.environment import BUCKET
from local.aws.process import RunningAws
from local.aws.process import running as running_aws
from tests.stack import bindables
from tests.stack.engine import watching
from tests.stack.engine.conftest import NewEngine
from tests.stack.engine.deployed import DeployedStack, databases
from tests.stack.engine.platform import Platform

pytestmark = pytest.mark.engine
ARCHIVE = {"kind": "s3", "name": "archive", "existing": BUCKET, "prefix": "of/the/stack"}
INTERVAL_S = 5  # the deadline of a write is then 4 s, enough for a busy machine


@pytest.fixture(scope="module")
def deployed(
    new_engine: NewEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeployedStack]:
    """A stack after its first `up`, with real databases over TLS and the stand-in AWS."""
    with ExitStack() as stack:
        aws: RunningAws = stack.enter_context(running_aws(tmp_path_factory.mktemp("aws")))
        engine = new_engine(aws)
        engine.configure(network="public", intervalSeconds=INTERVAL_S, buckets=[ARCHIVE])
        engine.up()
        outside = {
            name: value
            for name, value in aws.environment().items()
            if name.startswith(("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"))
        }
        bound = databases(stack, tmp_path_factory)
        platform = Platform(bound, outside, tmp_path_factory.mktemp("logs"))
        yield DeployedStack(engine, platform, outside)


def test_a_deployed_app_is_green(deployed: DeployedStack) -> None:
    spec = deployed.spec
    deployed.platform.job(spec, "migrate")

    with (
        deployed.platform.running(spec, "worker") as worker,
        deployed.platform.running(spec, "api") as api,
    ):
        status = watching.green(api)
        closed = httpx2.get(f"{api.url}/worker/status")
        alive = watching.alive(worker)

    assert "archive" in status["timestamps"]
    assert {row["status"] for row in status["timestamps"].values()} == {"ok"}
    assert status["iam"]["status"] == "ok"
    assert closed.status_code == 401
    assert alive == 200


def test_the_role_allows_only_what_the_worker_does_with_its_secret(deployed: DeployedStack) -> None:
    name = bindables.environ(deployed.spec, "worker")["SECRETS_MANAGER_SECRET_NAME"]
    secrets = deployed.secrets(deployed.session(deployed.spec))

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


def test_a_rotation_fails_no_cycle_and_a_revocation_ends_the_old_identity(
    deployed: DeployedStack,
) -> None:
    engine, first = deployed.engine, deployed.spec
    deployed.platform.job(first, "migrate")
    with (
        deployed.platform.running(first, "worker") as old,
        deployed.platform.running(first, "api") as api,
    ):
        watching.green(api)
        engine.configure(identityGenerations=[1, 2])
        engine.up()
        second = deployed.spec
        with deployed.platform.running(second, "worker") as new:
            watching.beats(new, 1)  # one beat proves its identity; then it stands by
            deployed.secrets(deployed.session(first)).describe_secret(SecretId=_secret(first))
            old.process.terminate()
            old.process.finish(30.0)
            engine.configure(identityGenerations=[2])
            engine.up()
            assert deployed.spec == second
            watching.beats(new, 3)
            watching.green(api)

    for worker in (old, new):
        assert not watching.failures(worker)
    assert _denied(lambda: deployed.secrets(deployed.session(first)).describe_secret(SecretId="x"))

    held = deployed.secrets(deployed.session(second))
    held.describe_secret(SecretId=_secret(second))
    time.sleep(1.1)  # a session's time of issue is in whole seconds
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    engine.configure(identityGenerations=[4], identityRevokedBefore=now, updateSecrets=True)
    engine.up()

    assert _denied(lambda: held.describe_secret(SecretId=_secret(second)))
    assert _denied(lambda: deployed.secrets(deployed.session(second)).describe_secret(SecretId="x"))
    with deployed.platform.running(deployed.spec, "worker") as revoked_to:
        watching.beats(revoked_to, 1)
    assert not watching.failures(revoked_to)


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
