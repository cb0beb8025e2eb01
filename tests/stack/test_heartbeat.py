"""Heartbeat as a component of another Pulumi program."""

from typing import Any

import pulumi
import pytest

from service import settings as service_settings
from stack import defaults, heartbeat
from stack.choices import HIDDEN
from stack.settings import SettingsError
from tests.stack import bindables, recorder
from tests.stack.recorder import ROOT
from tests.stack.recording import Recording, strings

PASSWORD = "a password of the shop"


@pytest.fixture(scope="module")
def shop() -> Recording:
    """The resources that the example program registers."""
    key = "shop:heartbeatPassword"
    return recorder.run_program(ROOT / "tests/stack/example", {key: PASSWORD}, [key])


def test_it_watches_the_programs_own_clusters_in_their_vpc(shop: Recording) -> None:
    databases = {d["name"]: d["clusterName"] for d in shop.spec["databases"]}

    assert databases == {"pg": "shop-pg", "valkey": "shop-valkey"}
    assert shop.spec["vpcs"] == [{"id": "shop-id"}]
    assert len(shop.of("DatabaseCluster")) == 2
    assert not shop.of("DatabaseFirewall")
    assert shop.spec["region"] == "fra"


def test_the_service_accepts_its_environment(shop: Recording) -> None:
    loaded = service_settings.load(bindables.environ(shop.spec, "worker"))

    assert {s.name for s in loaded.sources} == {"postgres", "valkey", "secrets_manager", "iam"}
    assert loaded.process.dashboard_password is not None
    assert loaded.process.dashboard_password.get_secret_value() == PASSWORD


def test_the_password_stays_secret(shop: Recording) -> None:
    app = shop.one("index/app:App")
    (place,) = [i for i, e in enumerate(app.inputs["spec"]["envs"]) if e["value"] == PASSWORD]

    assert f"spec.envs[{place}].value" in app.secret_paths
    assert HIDDEN not in set(strings(app.inputs))


def test_its_resources_are_its_children_and_carry_its_name(shop: Recording) -> None:
    theirs = {"shop", "shop-pg", "shop-valkey", "heartbeat"}
    made = [r for r in shop.registrations if not r.type.startswith("pulumi:")]

    assert all(r.name.startswith("heartbeat-") for r in made if r.name not in theirs)
    parts = [r for r in made if r.type.startswith("heartbeat:") and r.name != "heartbeat"]
    assert len(parts) >= 5
    assert all("heartbeat:stack:Heartbeat" in r.request.parent for r in parts)


@pytest.mark.parametrize(
    ("settings", "vpc", "remedy"),
    [
        ({"nam": "shop"}, True, "nam: no such setting"),
        ({"imageGit": "", "imageBuild": "ghcr.io/o/heartbeat"}, True, "in a checkout"),
        ({}, False, "vpc is not given"),
        ({"region": "fra1"}, True, "three letters"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(
    settings: dict[str, object], vpc: bool, remedy: str
) -> None:
    marker: Any = object()  # stands for resources, which the check does not touch
    args = heartbeat.HeartbeatArgs(
        settings={"imageGit": "https://example.org/h.git", "aws:region": "us-west-2", **settings},
        clusters={"postgres": marker},
        vpc=marker if vpc else None,
        password="correct horse battery",
    )

    with pytest.raises(SettingsError, match=remedy):
        heartbeat.chosen(args)


def test_the_defaults_are_those_of_the_project() -> None:
    declared = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}

    found = defaults.defaults()
    assert found.keys() == declared.keys() - {"aws:region"}
    assert found["databaseSize"] == declared["databaseSize"]


def test_the_program_needs_no_configuration_of_heartbeat() -> None:
    pulumi.runtime.set_all_config({"aws:region": "us-west-2"}, [])
    args = heartbeat.HeartbeatArgs(
        settings={"imageGit": "https://example.org/h.git"}, password="correct horse battery"
    )

    assert heartbeat.chosen(args).aws_region == "us-west-2"
