"""A deployed stack whose components run on this machine."""

import base64
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from iam_rolesanywhere_session import IAMRolesAnywhereSession

from tests.service import tls_servers
from tests.stack import bindables
from tests.stack.engine.platform import Platform
from tests.stack.engine.pulumi import Engine


@dataclass(frozen=True)
class DeployedStack:
    """A deployed stack, and the stand-in App Platform that runs its components.

    Attributes:
        engine: Deploys it.
        platform: Runs its components.
        outside: Variables that lead to the stand-in AWS.
    """

    engine: Engine
    platform: Platform
    outside: Mapping[str, str]

    @property
    def spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.engine.resource("app")["inputs"]["spec"]
        return spec

    def session(self, spec: Mapping[str, Any]) -> Any:
        """Return an AWS session that uses a spec's certificate; the first call creates it."""
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


def databases(stack: ExitStack, factory: pytest.TempPathFactory) -> dict[str, str]:
    """Start real databases with TLS; return the values of the platform's bindables."""
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
        "valkey.USERNAME": "default",
        "valkey.PASSWORD": valkey["VALKEY_PASSWORD"],
    }
