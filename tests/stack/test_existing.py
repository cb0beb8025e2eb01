"""Settings for existing infrastructure, and their effects."""

import base64
import json

import pulumi
import pytest

from stack import costs, settings
from tests.stack import bindables, pem, recorder
from tests.stack.conftest import GIVEN, OLD_ANCHOR, OLD_BOUNDARY, OLD_ROLE, OLD_VPC, Program
from tests.stack.test_settings import mistakes, values

ANCHOR = {
    "trustAnchorArn": OLD_ANCHOR,
    "clientCertificate": GIVEN.certificate,
    "clientKey": GIVEN.key,
}


def test_a_shared_cluster_is_used_with_its_database_and_user(program: Program) -> None:
    (postgres, valkey) = program("shared cluster").spec["databases"]

    assert postgres == {
        "name": "pg",
        "engine": "PG",
        "production": True,
        "clusterName": "team-pg",
        "dbName": "heartbeat",
        "dbUser": "heartbeat-user",
    }
    assert "dbName" not in valkey


def test_the_app_uses_a_supplied_certificate_and_the_role_trusts_only_its_name(
    program: Program,
) -> None:
    recording = program("supplied certificate")

    environ = bindables.environ(recording.spec, "worker")
    assert environ["IAM_TRUST_ANCHOR_ARN"] == OLD_ANCHOR
    assert base64.b64decode(environ["IAM_CLIENT_CERT"]).decode() == GIVEN.certificate
    assert base64.b64decode(environ["IAM_CLIENT_KEY"]).decode() == GIVEN.key
    (statement,) = json.loads(recording.exports["trustPolicy"])["Statement"]
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": OLD_ANCHOR},
        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": ["the-app"]},
    }
    assert recording.exports["certificateExpiry"] == pem.expiry(GIVEN.certificate)


def test_domain_project_and_boundary_reach_their_resources(program: Program) -> None:
    recording = program("own domain")

    assert recording.spec["domainNames"] == [
        {"name": "heartbeat.example.org", "type": "PRIMARY", "zone": "example.org"}
    ]
    project = recording.one("ProjectResources").inputs
    assert project["project"] == OLD_VPC
    assert [urn.split(":")[1] for urn in project["resources"]] == ["app", "dbaas", "dbaas"]
    assert "projectId" not in recording.one("index/app:App").inputs
    assert recording.one("iam/role:Role").inputs["permissionsBoundary"] == OLD_BOUNDARY


@pytest.mark.parametrize(("network", "first"), [("vpc", "ip_addr"), ("public", "app")])
def test_further_trusted_sources_follow_the_app(program: Program, network: str, first: str) -> None:
    for firewall in program("own domain", network=network).of("DatabaseFirewall"):
        assert [rule["type"] for rule in firewall.inputs["rules"]] == [first, "ip_addr", "tag"]
        assert firewall.inputs["rules"][1:] == [
            {"type": "ip_addr", "value": "203.0.113.7"},
            {"type": "tag", "value": "ops"},
        ]


def test_the_credentials_of_a_private_image_are_sent_once(program: Program) -> None:
    recording = program("own domain")

    app = recording.one("index/app:App")
    for kind in ("services", "workers", "jobs"):
        (component,) = recording.spec[kind]
        assert component["image"]["registryCredentials"] == "somebody:a-token-of-ghcr"
        assert f"spec.{kind}[0].image.registryCredentials" in app.secret_paths
        assert f"spec.{kind}[*].image.registryCredentials" in app.request.ignoreChanges


@pytest.mark.parametrize(
    ("where", "token", "expected"),
    [
        ("datadog", "key", {"datadog": {"apiKey": "key"}}),
        (
            "datadog:https://intake.example.org",
            "key",
            {"datadog": {"apiKey": "key", "endpoint": "https://intake.example.org"}},
        ),
        ("logtail", "token", {"logtail": {"token": "token"}}),
        (
            "opensearch:https://logs.example.org:9200",
            "user:pass:word",
            {
                "openSearch": {
                    "endpoint": "https://logs.example.org:9200",
                    "basicAuth": {"user": "user", "password": "pass:word"},
                }
            },
        ),
    ],
)
def test_logs_go_to_each_kind_of_destination(
    program: Program, where: str, token: str, expected: dict[str, object]
) -> None:
    for component in program(logDestination=where, logToken=token).components:
        (destination,) = component["logDestinations"]

        assert destination == {"name": where.partition(":")[0], **expected}


def test_any_size_is_accepted_and_sizes_without_a_price_are_named() -> None:
    chosen = settings.parse(values(databaseSize="gd-2vcpu-8gb", apiSize="apps-d-4vcpu-8gb"))

    assert costs.unpriced(chosen) == ["apps-d-4vcpu-8gb", "gd-2vcpu-8gb"]
    assert costs.monthly_usd(chosen) == pytest.approx(5 + 0.40 + 0.44, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"postgresUser": "heartbeat"}, "set postgresCluster, or remove it"),
        ({"trustAnchorArn": OLD_ANCHOR}, "clientCertificate and clientKey is not set"),
        ({**ANCHOR, "clientCertificate": "-----BEGIN CERTIFICATE-----\nx"}, "cannot be used"),
        ({"permissionsBoundaryArn": OLD_BOUNDARY, "roleArn": OLD_ROLE}, "its owner's; remove it"),
        ({"imageCredentials": "somebody:token"}, "only an image on ghcr.io or docker.io"),
        (
            {"imageGit": "", "image": "ghcr.io/o/heartbeat:1", "imageCredentials": "token"},
            "not USER:TOKEN",
        ),
        ({"domain": "heartbeat.example.org", "domainZone": "example.com"}, "is not in it"),
        ({"domainZone": "example.com"}, "is not in it"),
        ({"logDestination": "datadog"}, "logToken is not set"),
        ({"logDestination": "logs.example.org:123", "logToken": "token"}, "Papertrail takes none"),
        (
            {"logDestination": "opensearch:https://o.example", "logToken": "token"},
            "not USER:PASSWORD",
        ),
        (
            {"databases": '[{"kind": "postgres", "name": "orders", "user": "me"}]'},
            "only its own database and user",
        ),
        (
            {"databases": '[{"kind": "valkey", "name": "c", "existing": "team-c", "user": "me"}]'},
            "no databases and users to choose from",
        ),
    ],
)
def test_a_contradiction_is_named_and_shows_no_secret(changes: dict[str, str], remedy: str) -> None:
    text = mistakes(values(**changes))

    assert remedy in text
    assert not [changes[key] for key in settings.SECRETS if key in changes and changes[key] in text]


def test_every_secret_setting_is_listed_as_a_secret() -> None:
    fields = settings.Settings.model_fields.values()

    assert {f.alias for f in fields if "SecretStr" in str(f.annotation)} == set(settings.SECRETS)


def test_secret_settings_in_plain_text_are_refused() -> None:
    for key in settings.SECRETS:
        pulumi.runtime.set_all_config({**recorder.example(), f"heartbeat:{key}": "text"}, [])

        with pytest.raises(settings.SettingsError, match=key):
            settings.load()
