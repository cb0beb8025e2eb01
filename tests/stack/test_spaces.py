"""Buckets of Spaces and S3: their resources, permissions, and variables of the app."""

import json
from typing import Any

import pulumi_digitalocean as digitalocean
import pytest

from service import settings as service
from service.sources.s3.store import S3
from tests.stack import bindables, recorder
from tests.stack.conftest import BUCKET_KEY, VARIANTS, Program
from tests.stack.test_settings import mistakes, values


def spaces_(*buckets: dict[str, Any]) -> str:
    return json.dumps([{"kind": "spaces", **bucket} for bucket in buckets])


def test_a_new_bucket_is_private_in_the_apps_region_and_named_by_pulumi(program: Program) -> None:
    bucket = program("buckets").one("SpacesBucket")

    assert bucket.name == "heartbeat-dev-photos"
    assert bucket.inputs == {"region": "sfo3", "acl": "private", "forceDestroy": False}
    assert bucket.request.protect


def test_an_unprotected_bucket_is_deleted_with_its_objects(program: Program) -> None:
    bucket = program("buckets", protectData="false").one("SpacesBucket")

    assert bucket.inputs["forceDestroy"]
    assert not bucket.request.protect


def test_each_key_allows_only_its_own_bucket(program: Program) -> None:
    keys = {key.name: key.inputs for key in program("buckets").of("SpacesKey")}

    assert {name: inputs["grants"] for name, inputs in keys.items()} == {
        "heartbeat-dev-photos-key": [
            {"bucket": "heartbeat-dev-photos-0a1b2c3", "permission": "readwrite"}
        ],
        "heartbeat-dev-media-key": [{"bucket": "team-media", "permission": "readwrite"}],
    }


def test_the_app_gets_urls_with_keys_as_secrets_and_the_others_in_plain(program: Program) -> None:
    recording = program("buckets")

    app = recording.one("index/app:App")
    secret = {e["key"]: (i, e) for i, e in enumerate(recording.spec["envs"])}
    for name in ("PHOTOS", "MEDIA"):
        index, env = secret[f"HEARTBEAT_SOURCE_{name}"]
        assert env["type"] == "SECRET"
        assert f"spec.envs[{index}].value" in app.secret_paths
    assert secret["HEARTBEAT_SOURCE_MEDIA"][1]["value"] == (
        "s3://DO00HEARTBEAT-DEV-MEDIA-KEY:secret%2Fof%2Bheartbeat-dev-media-key@team-media"
        "/heartbeat?endpoint=https://fra1.digitaloceanspaces.com"
    )
    for component in recording.components:
        plain = {e["key"]: e["value"] for e in component["envs"]}
        assert plain["HEARTBEAT_SOURCE_ARCHIVE"] == "s3://team-archive/a/b?region=us-west-2"
        assert plain["HEARTBEAT_SOURCE_LEDGER_EU"] == (
            "s3://team-ledger/heartbeat?region=eu-west-1"
        )
        assert not {"HEARTBEAT_SOURCE_PHOTOS", "HEARTBEAT_SOURCE_MEDIA"} & plain.keys()


def test_the_service_signs_for_the_bucket_that_was_made(program: Program) -> None:
    recording = program("buckets")
    loaded = service.load(bindables.environ(recording.spec, "worker"))
    found = {each.name: each.settings for each in loaded.sources}

    key = recording.one("SpacesKey", "photos").inputs["grants"][0]
    assert found["photos"].bucket == key["bucket"]
    assert found["photos"].signing_region == "sfo3"
    assert found["photos"].secret.get_secret_value() == "secret/of+heartbeat-dev-photos-key"
    assert found["archive"].is_dependent


def test_the_role_may_use_exactly_the_objects_that_the_service_writes(program: Program) -> None:
    recording = program("buckets", heartbeatName="shop-1")
    loaded = service.load(bindables.environ(recording.spec, "worker"))
    policy = json.loads(recording.one("RolePolicy").inputs["policy"])

    (objects,) = (s for s in policy["Statement"] if s["Sid"] == "Objects")
    written = []
    for instance in loaded.sources:
        if instance.name in {"archive", "ledger_eu"}:
            store = S3(None, instance.settings, loaded.process.name)  # type: ignore[arg-type] # it is not called
            written.append(f"arn:aws:s3:::{instance.settings.bucket}/{store.key}")
    assert sorted(objects["Resource"]) == sorted(written)
    (key,) = (s for s in policy["Statement"] if s["Sid"].startswith("KeyOf"))
    assert key["Resource"] == BUCKET_KEY


def test_new_buckets_are_members_of_the_project(program: Program) -> None:
    project = program("buckets").one("ProjectResources").inputs

    assert [urn for urn in project["resources"] if urn.startswith("do:space:")] == [
        "do:space:heartbeat-dev-photos-0a1b2c3"
    ]


@pytest.mark.parametrize(
    ("previous", "sends"),
    [
        (None, False),  # a first `up` sends everything
        (VARIANTS["buckets"]["buckets"], False),
        ("[]", True),
        (spaces_({"name": "photos"}), True),
        (VARIANTS["buckets"]["buckets"].replace('"photos"', '"photos", "prefix": "p"'), True),
    ],
)
def test_an_up_that_changes_the_list_of_buckets_sends_their_keys(
    previous: str | None, sends: bool
) -> None:
    before = None
    if previous is not None:
        before = recorder.run(VARIANTS["buckets"] | {"buckets": previous}).exports
    recording = recorder.run(VARIANTS["buckets"], before=before)

    ignored = recording.one("index/app:App").request.ignoreChanges
    assert ("spec.envs" not in ignored) is sends


def test_a_bucket_removed_from_the_list_is_removed_from_the_app(program: Program) -> None:
    before = program("buckets").exports
    recording = recorder.run({}, before=before)

    assert "spec.envs" not in recording.one("index/app:App").request.ignoreChanges
    assert not [e for e in recording.spec["envs"] if e["key"].startswith("HEARTBEAT_SOURCE_")]


@pytest.mark.parametrize(
    ("bucket", "remedy"),
    [
        ({"kind": "gcs", "name": "photos"}, "kind is spaces or s3"),
        ({"kind": "spaces", "name": "Photos"}, "small letters"),
        ({"kind": "spaces", "name": "photos", "existing": "Team_Photos"}, "a bucket's name"),
        ({"kind": "spaces", "name": "photos", "prefix": "a*"}, "prefix has letters"),
        ({"kind": "spaces", "name": "photos", "prefix": "/a/"}, "prefix has letters"),
        ({"kind": "spaces", "name": "photos", "region": "us-west-2"}, "such are fra1"),
        ({"kind": "spaces", "name": "photos", "kmsKeyArn": BUCKET_KEY}, "remove kmsKeyArn"),
        ({"kind": "spaces", "name": "lateness-ms"}, "buckets: a name is"),
        ({"kind": "spaces", "name": "photos", "size": "1"}, "a list such as"),
        ({"kind": "s3", "name": "archive"}, "name it in existing"),
        ({"kind": "s3", "name": "archive", "existing": "a-b", "region": "fra1"}, "us-west-2"),
        ({"kind": "s3", "name": "archive", "existing": "a.amazonaws.com"}, "a server's name"),
        (
            {"kind": "s3", "name": "archive", "existing": "a-b", "kmsKeyArn": BUCKET_KEY},
            "is not in us-west-2",
        ),
        (
            {"kind": "s3", "name": "archive", "existing": "a-b", "kmsKeyArn": "alias/a"},
            "the key's own ARN, no alias",
        ),
    ],
)
def test_a_mistake_in_a_bucket_is_named(bucket: dict[str, str], remedy: str) -> None:
    assert remedy in mistakes(values(buckets=json.dumps([bucket])))


def test_a_bucket_and_a_database_cannot_share_a_name() -> None:
    database = '[{"kind": "valkey", "name": "photos"}]'

    text = mistakes(values(buckets=spaces_({"name": "photos"}), databases=database))

    assert "buckets: 'photos' stands there 2 times" in text


def test_the_provider_still_limits_a_key_to_buckets_and_not_to_prefixes() -> None:
    """Review decisions/132 once it can."""
    known = digitalocean.SpacesKeyGrantArgs.__init__.__annotations__

    assert set(known) == {"bucket", "permission"}
