import json

import pulumi
import pytest

from stack import settings
from stack.regions import CLUSTER_REGIONS
from tests.stack import recorder


def values(**changes: str) -> dict[str, str]:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    return values | changes


def _list(*databases: dict[str, object]) -> str:
    return json.dumps([{"kind": "postgres", **database} for database in databases])


def mistakes(values: dict[str, str]) -> str:
    with pytest.raises(settings.SettingsError) as caught:
        settings.parse(values)
    return str(caught.value)


def test_the_example_is_valid() -> None:
    chosen = settings.parse(values())

    assert chosen.name == "heartbeat-dev"
    assert chosen.cluster_region == "sfo3"
    assert chosen.identity_generations == (1,)
    assert chosen.vpc_id is None
    assert not chosen.sends_secrets


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("name", "Heartbeat", "a letter first"),
        ("name", "heartbeat-", "no hyphen last"),
        ("name", "a" * 25, "2 to 24"),
        ("region", "sfo3", "three letters"),
        ("network", "private", "use vpc or public"),
        ("vpcId", "my-vpc", "a UUID"),
        ("domain", "https://heartbeat.example.org", "a host name"),
        ("domainZone", "example", "such as example.org"),
        ("projectId", "my-project", "a UUID"),
        ("postgresDatabase", "my database", "the name of a database"),
        ("postgresUser", "1", "the name of a user"),
        ("trustedSources", '["203.0.113.7"]', "ip_addr:203.0.113.7"),
        ("permissionsBoundaryArn", "boundary", "policy/NAME"),
        ("trustAnchorArn", "anchor", "list-trust-anchors"),
        ("clientCertificate", "certificate.pem", "PEM text"),
        ("postgresCluster", "My Cluster", "cluster's name"),
        ("valkeyCluster", "My Cluster", "cluster's name"),
        ("postgresVersion", "latest", "such as 17"),
        ("valkeyVersion", "eight", "such as 8"),
        ("databases", "orders", "a list such as"),
        ("databases", '[{"kind": "oracle", "name": "orders"}]', "postgres, valkey, mysql"),
        ("databases", '[{"kind": "postgres", "name": "Orders"}]', "small letters"),
        ("databases", '[{"kind": "postgres", "name": "orders", "disk": 1}]', "a list such as"),
        ("databaseSize", "large", "such as db-s-1vcpu-2gb"),
        ("databaseNodes", "4", "1, 2 or 3"),
        ("protectData", "perhaps", "true or false"),
        ("image", "heartbeat:latest", "HOST/PATH"),
        ("image", "quay.io/owner/heartbeat:1", "ghcr.io"),
        ("image", "ghcr.io/owner/heartbeat:1@sha256:" + "a" * 64, "HOST/PATH"),
        ("imageBuild", "ghcr.io/owner/heartbeat:1", "no tag"),
        ("imageGit", "https://token@github.com/o/r", "without user or token"),
        ("imageBranch", "a branch", "a branch's name"),
        ("migrateAtDeploy", "later", "true or false"),
        ("apiSize", "large", "doctl apps tier"),
        ("apiInstances", "0", "1 to 20"),
        ("workerSize", "large", "doctl apps tier"),
        ("workerInstances", "0", "1 to 20"),
        ("roleArn", "app", "arn:aws:iam::ACCOUNT:role/NAME"),
        ("secretArn", "team/app", "random end"),
        ("secretArn", "arn:aws:secretsmanager:us-west-2:444455556666:secret:app", "random end"),
        ("secretKmsKeyArn", "alias/heartbeat", "no alias"),
        ("secretKmsKeyArn", "arn:aws:kms:us-west-2:444455556666:alias/heartbeat", "no alias"),
        ("identityGenerations", "[0]", "[N]"),
        ("identityGenerations", "[]", "accept one generation"),
        ("identityGenerations", "[1, 2, 3]", "or two to rotate"),
        ("identityGenerations", "[2, 1]", "from N-1 to N"),
        ("identityGenerations", "[1, 3]", "from N-1 to N"),
        ("identityRevokedBefore", "2026-01-31T12:00:00", "with an offset"),
        ("updateSecrets", "once", "true or false"),
        ("public", "yes please", "true or false"),
        ("dashboardPassword", "short", "at least 12"),
        ("dashboardPassword", "${db.PASSWORD}-long", "a reference that was not filled in"),
        ("dashboardPassword", "a long password\n", "white space around"),
        ("heartbeatName", "k\u00fcche", "1 to 50"),
        ("dashboardPassword", "", "or set public to true"),
        ("alertTargets", "on-call@example.org", "not a URL such as"),
        ("otlpEndpoint", "otlp.example.org:4318", "a URL such as"),
        ("otlpHeaders", "Bearer key", "name=value"),
        ("alertPingUrl", "ping.example.org", "begins with https://"),
        ("heartbeatName", "two words", "1 to 50"),
        ("intervalSeconds", "0", "1 to 3600"),
        ("intervalSeconds", "3601", "1 to 3600"),
        ("secretValueIntervalSeconds", "1", "60 to 86400"),
        ("historyRetentionDays", "0", "1 to 400"),
        ("logLevel", "verbose", "debug, info"),
        ("corsOrigins", "https://status.example.org", "a list of origins"),
        ("corsOrigins", '["https://status.example.org/page"]', "a list of origins"),
        ("alertEmails", "on-call@example.org", "a list"),
        ("alertEmails", '["on call"]', "a list"),
        ("logDestination", "logs.example.org", "HOST:PORT"),
        ("aws:region", "oregon", "us-west-2"),
    ],
)
def test_a_mistake_is_named_with_value_and_remedy(key: str, value: str, remedy: str) -> None:
    text = mistakes(values(**{key: value}))

    assert key in text
    assert remedy in text
    assert (repr(value) in text) is (key not in settings.SECRETS)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"imageGit": ""}, "image source = none: set exactly one"),
        ({"image": "ghcr.io/owner/heartbeat:1"}, "image source = image and imageGit"),
        ({"public": "true"}, "remove dashboardPassword"),
        ({"apiInstances": "2"}, "apps-s-1vcpu-0.5gb runs once only"),
        ({"apiInstances": "2", "apiSize": "apps-s-1vcpu-1gb-fixed"}, "runs once only"),
        ({"workerInstances": "2"}, "apps-s-1vcpu-0.5gb runs once only"),
        ({"databaseNodes": "2"}, "has one node only"),
        ({"postgresCluster": "team-pg"}, "set vpcId"),
        ({"databases": _list({"name": "orders", "existing": "team-pg"})}, "set vpcId"),
        ({"databases": _list({"name": "orders"}, {"name": "orders"})}, "stands there 2 times"),
        ({"databases": _list({"name": "valkey"})}, "something else already"),
        ({"databases": _list({"name": "orders", "nodes": 2})}, "has 2 nodes"),
        (
            {
                "databases": _list(
                    {"name": "orders", "existing": "team-pg", "size": "db-s-1vcpu-1gb"}
                )
            },
            "remove either",
        ),
        ({"network": "public", "vpcId": "9f0c2a1e-0000-4000-8000-0123456789ab"}, "remove it"),
        (
            {"secretArn": "arn:aws:secretsmanager:eu-west-1:444455556666:secret:app-AbCdEf"},
            "not in aws:region, us-west-2",
        ),
    ],
)
def test_a_contradiction_is_named_with_its_remedy(changes: dict[str, str], remedy: str) -> None:
    assert remedy in mistakes(values(**changes))


def test_one_message_names_every_mistake() -> None:
    text = mistakes(values(region="sfo3", apiInstances="two", databaseNodes="2", imageGit=""))

    assert all(key in text for key in ("region", "apiInstances", "databaseNodes", "image source"))


def test_a_missing_value_is_named() -> None:
    found = values()
    del found["aws:region"]

    assert "aws:region is not set" in mistakes(found)


def test_no_mistake_shows_the_password() -> None:
    text = mistakes(values(dashboardPassword="hunter2"))

    assert "hunter2" not in text


def test_a_password_in_plain_text_is_refused() -> None:
    pulumi.runtime.set_all_config(recorder.example(), [])

    with pytest.raises(settings.SettingsError, match="plain text"):
        settings.load()


def test_a_rotation_sends_the_secrets() -> None:
    assert settings.parse(values(identityGenerations="[3, 4]")).sends_secrets
    assert settings.parse(values(updateSecrets="true")).sends_secrets


def test_every_region_has_its_data_centre() -> None:
    for region, centre in CLUSTER_REGIONS.items():
        assert settings.parse(values(region=region)).cluster_region == centre
        assert centre.startswith(region)


def test_pulumi_declares_every_setting_and_no_other() -> None:
    declared = {k.removeprefix("heartbeat:") for k in recorder.example()}

    assert declared == {str(f.alias) for f in settings.Settings.model_fields.values()}
