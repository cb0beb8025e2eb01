"""Wrong settings in docs/deploy.md's steps: doctor and `up` name them, and create nothing."""

import sys

import pytest

from stack.preflight import configuration
from tests.stack.conftest import OLD_ANCHOR, OLD_ROLE, OLD_SECRET, OLD_VPC
from tests.stack.engine.conftest import NewEngine
from tests.stack.engine.pulumi import Engine
from tests.stack.pem import issued
from tests.stack.recorder import ROOT

pytestmark = pytest.mark.engine
OTHER_ACCOUNT = OLD_ROLE.replace("111122223333", "111122220000")
OURS, THEIRS = issued("the-app"), issued("another-app")
# The settings, and a part of the error; `--secret` where the docs have it.
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "a name that the service refuses": (
        {"heartbeatName": "k\u00fcche"},
        "heartbeatName = 'k\u00fcche': use 1 to 50 letters",
    ),
    "a cluster's region for the app's": ({"region": "sfo3"}, "region = 'sfo3'"),
    "an availability zone": ({"aws:region": "us-west-2a"}, "aws:region = 'us-west-2a'"),
    "two images": ({"image": "ghcr.io/owner/heartbeat:1.2.3"}, "image source = image and imageGit"),
    "a reference in the password": (
        {"--secret dashboardPassword": "${pg.PASSWORD}-and-more"},
        "dashboardPassword: it contains a reference that was not filled in",
    ),
    "a target of alerts of no known kind": (
        {"--secret alertTargets": "nosuch://key"},
        "alertTargets: target no. 1 (nosuch) is of no known kind",
    ),
    "a key's alias": (
        {"--plaintext secretKmsKeyArn": "arn:aws:kms:us-west-2:111122223333:alias/heartbeat"},
        "secretKmsKeyArn = 'arn:aws:kms:us-west-2:111122223333:alias/heartbeat': use the key's own",
    ),
    "a role and a secret of two accounts": (
        {"roleArn": OTHER_ACCOUNT, "--plaintext secretArn": OLD_SECRET},
        "roleArn is of account ********0000, but secretArn is of ********3333",
    ),
    "another certificate's key": (
        {
            "trustAnchorArn": OLD_ANCHOR,
            "clientCertificate": OURS.certificate,
            "--secret clientKey": THEIRS.key,
        },
        "clientCertificate is not the certificate of clientKey",
    ),
    "a cluster that is called like the app's own": (
        {"--path databases[0].kind": "postgres", "--path databases[0].name": "postgres"},
        "two stores are named postgres",
    ),
    "an existing cluster without its VPC": ({"postgresCluster": "team-pg"}, "vpcId is not set"),
}
HIDDEN = ("dashboardPassword", "alertTargets", "clientKey")  # the doctor does not see their values


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine) -> Engine:
    """A stack before its first `up`, with an image source that is not the example's."""
    engine = new_engine()
    engine.configure(imageGit="https://github.com/ada/heartbeat.git")
    return engine


def choose(engine: Engine, settings: dict[str, str]) -> None:
    """Set values with the documented commands."""
    for key, value in settings.items():
        *options, name = key.split()
        engine.shell(engine.cli, "config", "set", *options, name, "--", value)


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_fails_the_first_up_before_anything_is_created(
    engine: Engine, what: str
) -> None:
    settings, sentence = WRONG[what]

    with engine.configured():
        choose(engine, settings)
        done = engine.shell("make", "deploy", "ARGS=--yes --skip-preview", check=False)
        values = configuration.values(engine.folder / "Pulumi.yaml", engine.config)
        found = list(configuration.check(values, engine.config))

    assert done.code != 0
    assert sentence in done.out
    assert THEIRS.key not in done.out
    assert not (engine.folder / "cloud/log.jsonl").exists()
    if not any(name in key for key in settings for name in HIDDEN):
        assert sentence.partition(": ")[0] in " ".join(f.says for f in found if f.verdict == "bad")


def test_the_doctor_reports_the_example_and_exits_with_1(new_engine: NewEngine) -> None:
    engine = new_engine()
    offline = "AWS_EC2_METADATA_DISABLED=true"

    done = engine.shell("env", offline, sys.executable, "-m", "stack.doctor", check=False)

    assert done.code == 1
    assert "imageGit is still the example" in done.out
    assert "Pulumi: logged in as" in done.out
    assert "DigitalOcean: no token" in done.out


def test_the_documented_commands_for_more_clusters_are_accepted(new_engine: NewEngine) -> None:
    engine = new_engine()
    text = (ROOT / "docs/stack.md").read_text().split("### More clusters")[1]
    block = text.split("```sh")[1].split("```")[0]
    engine.configure(vpcId=OLD_VPC)

    engine.shell("sh", "-e", "-c", block)
    values = configuration.values(engine.folder / "Pulumi.yaml", engine.config)
    settings, problems = configuration.settings_in(values)

    assert problems == []
    assert settings is not None
    assert [(d.name, d.existing, d.nodes) for d in settings.databases] == [
        ("orders", "team-orders", None),
        ("sessions", None, 2),
    ]
