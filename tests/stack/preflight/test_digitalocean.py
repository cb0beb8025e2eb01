from collections.abc import Mapping
from typing import Any

import pytest

from stack import settings
from stack.preflight import digitalocean
from stack.preflight.finding import Finding
from stack.preflight.machine import Answer
from tests.stack import recorder
from tests.stack.preflight.machines import FakeMachine, page

VPC = "9f0c2a1e-0000-4000-8000-0123456789ab"
GOOD: dict[str, Answer] = {
    "/account": page({"account": {}}),
    "/apps?per_page=200": page({"apps": []}),
    "/apps/regions?per_page=200": page({"regions": [{"slug": "sfo", "data_centers": ["sfo3"]}]}),
    "/databases?per_page=200": page(
        {"databases": [{"name": "team-pg", "private_network_uuid": VPC}]}
    ),
}


def _check(
    pages: dict[str, Answer],
    app_id: str | None = None,
    credentials: Mapping[str, str] | None = None,
    **changes: str,
) -> list[Finding]:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()} | changes
    machine = FakeMachine(pages={**pages, **{k: v for k, v in GOOD.items() if k not in pages}})
    environ = {"DIGITALOCEAN_TOKEN": "dop_v1_secret", **(credentials or {})}
    found = list(digitalocean.check(machine, environ, settings.parse(values), app_id))
    texts = [f.says + f.remedy for f in found]
    assert not [text for text in texts for key in environ.values() if key in text]
    return found


PHOTOS = '[{"kind": "spaces", "name": "photos"}]'
MEDIA = '[{"kind": "spaces", "name": "media", "existing": "team-media", "region": "fra1"}]'
CREDENTIALS = {"SPACES_ACCESS_KEY_ID": "DO00KEY", "SPACES_SECRET_ACCESS_KEY": "of-spaces"}


def _bad(found: list[Finding]) -> list[str]:
    return [f.says for f in found if f.verdict == "bad"]


def test_a_ready_account_is_good() -> None:
    assert {f.verdict for f in _check({})} == {"good"}


def test_without_a_token_no_request_is_sent() -> None:
    machine = FakeMachine(pages=GOOD)

    (finding,) = digitalocean.check(machine, {}, None, None)

    assert finding.verdict == "bad"
    assert not machine.requests


@pytest.mark.parametrize(
    ("pages", "says"),
    [
        ({"/account": page(status=401)}, "the token is refused"),
        ({"/databases?per_page=1": page(status=403)}, "the token may not read databases"),
        (
            {
                "/apps?per_page=200": page(
                    {"apps": [{"id": "1", "spec": {"name": "heartbeat-dev"}}]}
                )
            },
            "another app is called heartbeat-dev",
        ),
    ],
)
def test_problems_that_would_fail_an_up_are_bad(pages: dict[str, Any], says: str) -> None:
    assert says in _bad(_check(pages))


def test_the_stacks_own_app_may_use_the_name() -> None:
    pages = {"/apps?per_page=200": page({"apps": [{"id": "1", "spec": {"name": "heartbeat-dev"}}]})}

    assert not _bad(_check(pages, app_id="1"))


def test_a_region_that_moved_is_a_warning() -> None:
    regions = page({"regions": [{"slug": "sfo", "data_centers": ["sfo4"]}]})

    found = _check({"/apps/regions?per_page=200": regions})

    assert any(f.verdict == "warning" and "sfo4" in f.says for f in found)


def test_an_existing_cluster_must_exist() -> None:
    found = _check({}, postgresCluster="team-pg", valkeyCluster="nobody", vpcId=VPC)

    assert _bad(found) == ["there is no nobody"]


def test_an_existing_cluster_must_be_in_the_vpc() -> None:
    other = "00000000-0000-4000-8000-000000000000"
    found = _check({}, postgresCluster="team-pg", valkeyCluster="team-pg", vpcId=other)

    assert _bad(found) == ["team-pg is in another VPC"] * 2


@pytest.mark.parametrize("missing", [*CREDENTIALS])
def test_a_new_bucket_needs_the_providers_own_credentials(missing: str) -> None:
    incomplete = {name: value for name, value in CREDENTIALS.items() if name != missing}

    assert _bad(_check({}, credentials=incomplete, buckets=PHOTOS)) == [f"{missing} is not set"]
    assert not _bad(_check({}, credentials=CREDENTIALS, buckets=PHOTOS))
    assert not _bad(_check({}, credentials=incomplete))


def test_a_token_that_may_not_read_spaces_keys_is_bad() -> None:
    pages = {"/spaces/keys?per_page=1": page(status=403)}

    (says,) = _bad(_check(pages, credentials=CREDENTIALS, buckets=PHOTOS))

    assert says == "the token may not read spaces/keys"
    assert not _bad(_check(pages))


@pytest.mark.parametrize(
    ("status", "verdict", "says"),
    [
        (403, "good", "team-media exists"),
        (200, "good", "team-media exists"),
        (404, "bad", "there is no team-media in fra1"),
        (0, "unknown", "fra1 of Spaces cannot be reached"),
    ],
)
def test_an_existing_bucket_must_exist(status: int, verdict: str, says: str) -> None:
    pages = {"https://fra1.digitaloceanspaces.com/team-media": page(status=status)}

    found = [f for f in _check(pages, buckets=MEDIA) if f.subject == "bucket"]

    assert [(f.verdict, f.says) for f in found] == [(verdict, says)]


OURS = page(
    {"databases": [{"id": "c-1", "name": "heartbeat-dev-pg"}, {"id": "c-2", "name": "other"}]}
)


@pytest.mark.parametrize(
    ("answer", "verdict", "says"),
    [
        (page({"rules": []}), "warning", "heartbeat-dev-pg is open to the internet"),
        (page({"rules": [{"type": "app", "value": "a-1"}]}), "good", "has trusted sources"),
        (page(status=403), "unknown", "cannot see who may reach heartbeat-dev-pg"),
    ],
)
def test_a_cluster_that_a_failed_deployment_left_open_is_reported(
    answer: Answer, verdict: str, says: str
) -> None:
    pages = {"/databases?per_page=200": OURS, "/databases/c-1/firewall": answer}

    found = [f for f in _check(pages, network="public") if f.subject == "firewall"]

    assert [f.verdict for f in found] == [verdict]
    assert says in found[0].says
    if verdict == "warning":
        assert "make deploy" in found[0].remedy


def test_the_firewall_of_an_existing_cluster_is_not_checked() -> None:
    pages = {"/databases?per_page=200": page({"databases": [{"id": "c-1", "name": "team-pg"}]})}

    found = _check(pages, network="public", postgresCluster="team-pg")

    assert not [f for f in found if f.subject == "firewall"]
