"""`pulumi up` with the real engine: create, keep, preview, change and delete."""

import base64
import shutil
from typing import Any

import pytest

from tests.stack.engine.conftest import NewEngine
from tests.stack.engine.pulumi import Engine
from tests.stack.recorder import PASSWORD, ROOT
from tests.stack.recording import strings
from tests.stack.test_main import INVENTORY

pytestmark = pytest.mark.engine
DIGESTS = [f"registry.digitalocean.com/ours/heartbeat@sha256:{c * 64}" for c in "ab"]
COMPONENTS = ("spec.jobs[0]", "spec.services[0]", "spec.workers[0]")


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine) -> Engine:
    """A stack after its first `up`."""
    engine = new_engine()
    engine.configure(imageGit="", image=DIGESTS[0])
    engine.up()
    return engine


def test_the_first_up_creates_everything(engine: Engine) -> None:
    made = [line for line in engine.log() if line.startswith("create")]

    assert len(made) == len(engine.in_the_clouds()) == sum(INVENTORY.values())
    assert made[-1] == "create app"
    assert not engine.preview()


def test_a_second_up_is_empty(engine: Engine) -> None:
    before = engine.log()

    engine.shell("make", "deploy", "ARGS=--yes --skip-preview --expect-no-changes")

    assert engine.log() == before


def test_the_state_has_no_secret_in_plain_text(engine: Engine) -> None:
    resources = engine.resources()
    plain = {
        r["outputs"][name]
        for r in resources
        for name in ("privateKeyPem", "password", "uri")
        if name in r.get("outputs", {})
    } | {PASSWORD}
    encoded = {base64.b64encode(text.encode()).decode() for text in plain}

    on_disk = engine.state_file()

    assert len(plain) >= 7
    for text in plain | encoded:
        assert text.replace("\n", "\\n") not in on_disk
        assert text not in on_disk


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"image": DIGESTS[1]},
            {"update app": [f"{c}.image.digest" for c in COMPONENTS]},
        ),
        ({"intervalSeconds": 30}, {"update app": "HEARTBEAT_INTERVAL_SECONDS"}),
        ({"apiSize": "apps-s-1vcpu-1gb"}, {"update app": ["spec.services[0].instanceSizeSlug"]}),
        ({"databaseSize": "db-s-1vcpu-2gb"}, {"heartbeat-dev-pg": ["size"]}),
    ],
)
def test_a_preview_shows_only_the_change(
    engine: Engine, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    with engine.configured(**values):
        found = engine.preview()

    if "databaseSize" in values:
        assert found == {
            "update heartbeat-dev-pg": ["size"],
            "update heartbeat-dev-valkey": ["size"],
        }
    elif "intervalSeconds" in values:
        assert found == {"update app": _variable(engine, expected["update app"])}
    else:
        assert found == expected


def test_a_spaces_key_is_created_and_deleted_with_its_bucket(engine: Engine) -> None:
    def variables() -> set[str]:
        return {env["key"] for env in engine.resource("app")["inputs"]["spec"]["envs"]}

    with engine.configured(buckets=[{"kind": "spaces", "name": "media", "existing": "team-media"}]):
        engine.up()
        during, on_disk, shown = variables(), engine.state_file(), engine.preview()
    engine.up()

    assert "HEARTBEAT_SOURCE_MEDIA" in during
    assert "secret/of+" not in on_disk
    assert "secret%2Fof%2B" not in on_disk
    assert shown == {}
    assert "HEARTBEAT_SOURCE_MEDIA" not in variables()
    assert engine.log()[-1] == "delete heartbeat-dev-media-key"


def test_a_preview_shows_a_change_of_the_schema(engine: Engine) -> None:
    schema = engine.folder / "schema"
    schema.unlink()
    shutil.copytree(ROOT / "schema", schema, ignore=shutil.ignore_patterns("__pycache__"))
    (schema / "migrations/versions/9999_later.py").touch()
    try:
        found = engine.preview()
    finally:
        shutil.rmtree(schema)
        schema.symlink_to(ROOT / "schema")

    assert found == {"update app": _variable(engine, "SCHEMA_HEAD")}


def test_making_the_dashboard_public_changes_no_secret(engine: Engine) -> None:
    with engine.configured(public=True, dashboardPassword=""):
        (paths,) = engine.preview().values()

    assert paths
    assert not [path for path in paths if path.startswith("spec.envs")]


def test_configuration_errors_are_printed_without_a_traceback(engine: Engine) -> None:
    with engine.configured(region="sfo3", logLevel="verbose"):
        refused = engine.run("preview", check=False)

    assert refused.code
    assert "region = 'sfo3': use App Platform's three letters" in refused.out
    assert "logLevel = 'verbose'" in refused.out
    assert "Traceback" not in refused.out


def test_alert_recipients_survive_a_refresh_and_can_be_changed(engine: Engine) -> None:
    with engine.configured(alertEmails=["a@example.org"]):
        engine.up()
        engine.run("refresh", "--yes", "--skip-preview")
        refreshed = engine.preview()
    with engine.configured(alertEmails=["b@example.org"]):
        engine.fail_at("app")
        engine.up(check=False)
        engine.up()
        spec = engine.resource("app")["inputs"]["spec"]
    engine.up()

    assert not refreshed
    assert [a["destinations"] for a in spec["alerts"]] == [{"emails": ["b@example.org"]}] * 2
    assert "destinations" not in engine.resource("app")["inputs"]["spec"]["alerts"][0]


def test_a_deployed_stack_reports_that_it_cannot_move(engine: Engine) -> None:
    with engine.configured(region="fra"):
        refused = engine.run("preview", check=False)

    assert refused.code
    assert "region = 'fra': this stack was deployed with 'sfo'" in refused.out
    assert "protect" not in refused.out
    assert "Traceback" not in refused.out


def test_a_rollback_is_an_up_with_the_previous_digest(engine: Engine) -> None:
    before = engine.resource("app")["inputs"]
    with engine.configured(image=DIGESTS[1]):
        engine.up()

    engine.up()

    assert engine.resource("app")["inputs"] == before
    assert engine.log()[-2:] == ["update app", "update app"]


def test_the_next_up_completes_a_failed_one(engine: Engine) -> None:
    with engine.configured(intervalSeconds=45):
        engine.fail_at("app")
        failed = engine.up(check=False)
        engine.up()
        spec = engine.resource("app")["inputs"]["spec"]
    engine.up()

    assert failed.code
    assert "as the test requested" in failed.out
    assert "45" in strings(spec)


def test_a_rotation_accepts_both_certificates_until_the_app_has_the_new_one(engine: Engine) -> None:
    before = len(engine.log())

    engine.configure(identityGenerations=[1, 2])
    engine.up()
    during = engine.log()[before:]
    engine.configure(identityGenerations=[2])
    engine.up()
    after = engine.log()[before + len(during) :]

    assert during.index("update identity-role") < during.index("update app")
    assert during.index("update app") < during.index("delete identity-client-key-1")
    assert after == ["update identity-role"]
    assert not engine.preview()


def test_a_revocation_changes_the_role_before_the_app(engine: Engine) -> None:
    before = len(engine.log())

    with engine.configured(
        identityGenerations=[4],
        identityRevokedBefore="2026-11-24T12:00:00Z",
        updateSecrets=True,
    ):
        engine.up()
        policy = engine.resource("identity-policy")["inputs"]["policy"]
    done = engine.log()[before:]

    assert done.index("update identity-role") < done.index("update app")
    assert done.index("update identity-policy") < done.index("update app")
    assert "aws:TokenIssueTime" in policy


def test_a_destroy_deletes_everything_in_the_right_order(new_engine: NewEngine) -> None:
    engine = new_engine()
    engine.fail_at("identity-role")
    first = engine.up(check=False)
    engine.up()
    created = len(engine.log())
    everything = engine.in_the_clouds()

    refused = engine.run("destroy", "--yes", "--skip-preview", check=False)
    after = engine.in_the_clouds()
    engine.configure(protectData=False)
    engine.up()
    engine.run("destroy", "--yes", "--skip-preview")

    done = [line for line in engine.log()[created:] if line.startswith("delete")]
    assert first.code
    assert created == sum(INVENTORY.values())
    assert refused.code
    assert "protect" in refused.out
    assert after == everything
    assert not engine.in_the_clouds()
    assert done.index("delete app") < done.index("delete heartbeat-dev-pg")
    assert done.index("delete heartbeat-dev-pg") < done.index("delete network-vpc")
    assert not [line for line in done if "firewalls" in line or line.endswith("-first")]


def _variable(engine: Engine, key: str) -> list[str]:
    """Return the paths of a variable's value in each component."""
    spec = engine.resource("app")["inputs"]["spec"]
    return [
        f"spec.{kind}[0].envs[{index}].value"
        for kind in ("jobs", "services", "workers")
        for index, env in enumerate(spec[kind][0]["envs"])
        if env["key"] == key
    ]
