import functools
import json
import warnings
from collections.abc import Callable

import pytest

with warnings.catch_warnings():
    # pulumi_digitalocean warns of every data source that it renamed, at import, used or not.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_digitalocean  # noqa: F401

from tests.stack import pem, recorder
from tests.stack.clouds import ZERO
from tests.stack.recording import Recording

OLD_SECRET = "arn:aws:secretsmanager:us-west-2:111122223333:secret:team/app-AbCdEf"
OLD_KEY = "arn:aws:kms:us-west-2:111122223333:key/0f1e2d3c-0000-4000-8000-000000000001"
BUCKET_KEY = "arn:aws:kms:eu-west-1:111122223333:key/0f1e2d3c-0000-4000-8000-000000000002"
OLD_ROLE = "arn:aws:iam::111122223333:role/team/app"
OLD_ANCHOR = f"arn:aws:rolesanywhere:us-west-2:111122223333:trust-anchor/{ZERO}"
OLD_BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
OLD_VPC = "9f0c2a1e-0000-4000-8000-0123456789ab"
DIGEST = "sha256:" + "a" * 64

GIVEN = pem.issued("the-app")

VARIANTS: dict[str, dict[str, str]] = {
    "vpc": {},
    "public network": {"network": "public"},
    "published digest": {
        "imageGit": "",
        "image": f"registry.digitalocean.com/ours/heartbeat@{DIGEST}",
    },
    "published tag": {"imageGit": "", "image": "ghcr.io/owner/heartbeat:1.2.3"},
    "built here": {"imageGit": "", "imageBuild": "registry.digitalocean.com/ours/heartbeat"},
    "existing secret": {"secretArn": OLD_SECRET},
    "own key": {"secretKmsKeyArn": OLD_KEY},
    "existing role": {"roleArn": OLD_ROLE},
    "existing clusters": {
        "postgresCluster": "team-pg",
        "valkeyCluster": "team-valkey",
        "vpcId": OLD_VPC,
    },
    "existing clusters, public": {
        "network": "public",
        "postgresCluster": "team-pg",
        "valkeyCluster": "team-valkey",
    },
    "more databases": {
        "databases": json.dumps(
            [
                {"kind": "postgres", "name": "orders-db", "size": "db-s-1vcpu-2gb", "nodes": 2},
                {"kind": "valkey", "name": "sessions", "existing": "team-sessions"},
            ]
        ),
        "vpcId": OLD_VPC,
    },
    "buckets": {
        "buckets": json.dumps(
            [
                {"kind": "spaces", "name": "photos"},
                {"kind": "spaces", "name": "media", "existing": "team-media", "region": "fra1"},
                {"kind": "s3", "name": "archive", "existing": "team-archive", "prefix": "a/b"},
                {
                    "kind": "s3",
                    "name": "ledger-eu",
                    "existing": "team-ledger",
                    "region": "eu-west-1",
                    "kmsKeyArn": BUCKET_KEY,
                },
            ]
        ),
        "projectId": OLD_VPC,
    },
    "shared cluster": {
        "postgresCluster": "team-pg",
        "postgresDatabase": "heartbeat",
        "postgresUser": "heartbeat-user",
        "valkeyCluster": "team-valkey",
        "vpcId": OLD_VPC,
    },
    "supplied certificate": {
        "trustAnchorArn": OLD_ANCHOR,
        "clientCertificate": GIVEN.certificate,
        "clientKey": GIVEN.key,
    },
    "own domain": {
        "domain": "heartbeat.example.org",
        "domainZone": "example.org",
        "projectId": OLD_VPC,
        "trustedSources": '["ip_addr:203.0.113.7", "tag:ops"]',
        "permissionsBoundaryArn": OLD_BOUNDARY,
        "imageGit": "",
        "image": "ghcr.io/owner/heartbeat:1.2.3",
        "imageCredentials": "somebody:a-token-of-ghcr",
        "logDestination": "datadog:https://intake.example.org",
        "logToken": "a-key-of-datadog",
        "databaseSize": "gd-2vcpu-8gb",
    },
    "rotating": {"identityGenerations": "[1, 2]"},
    "public dashboard": {"public": "true", "dashboardPassword": ""},
    "everything optional": {
        "alertEmails": '["on-call@example.org"]',
        "alertTargets": "ilert://key pagerduty://key",
        "alertPingUrl": "https://ping.example.org/key",
        "otlpEndpoint": "https://otlp.example.org",
        "otlpHeaders": "authorization=Bearer%20key,x-scope=7",
        "corsOrigins": '["https://status.example.org", "http://localhost:3000"]',
        "logDestination": "logs.example.org:12345",
        "identityRevokedBefore": "2026-11-24T12:00:00Z",
        "updateSecrets": "true",
        "apiSize": "apps-s-1vcpu-1gb",
        "apiInstances": "2",
        "migrateAtDeploy": "false",
    },
}

Program = Callable[..., Recording]


@functools.cache
def _run(preview: bool, *changes: tuple[str, str]) -> Recording:
    return recorder.run(dict(changes), preview=preview)


@pytest.fixture(scope="session")
def program() -> Program:
    """Run the program once for each configuration: a variant's name, or changes by key."""

    def run(variant: str = "vpc", *, preview: bool = False, **changes: str) -> Recording:
        return _run(preview, *sorted({**VARIANTS[variant], **changes}.items()))

    return run


@pytest.fixture(params=list(VARIANTS))
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["update", "preview"])
def preview(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)
