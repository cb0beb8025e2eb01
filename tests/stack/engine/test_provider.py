"""The Pulumi program with DigitalOcean's real provider and a recording API.

`make test` skips these tests, because the provider is not a Python package. `make provider-check`
runs them if `pulumi-resource-digitalocean` is on PATH (`pulumi plugin install` installs it).
"""

import json
import os
import shutil
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack.engine.conftest import NewEngine, serving
from tests.stack.engine.pulumi import SPACES_SECRET, TOKEN, Engine

PROVIDER = "pulumi-resource-digitalocean"
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not os.environ.get("HEARTBEAT_PROVIDER_CHECK") or shutil.which(PROVIDER) is None,
        reason=f"`make provider-check` runs this, with {PROVIDER} on PATH",
    ),
]
DIGESTS = [f"registry.digitalocean.com/ours/heartbeat@sha256:{c * 64}" for c in "ab"]

BUCKETS = [
    {"kind": "spaces", "name": "photos"},
    {"kind": "spaces", "name": "media", "existing": "team-media", "region": "fra1"},
]


@pytest.fixture(scope="module")
def api() -> Iterator[int]:
    with serving("tests.stack.engine.digitalocean") as port:
        yield port


@pytest.fixture(scope="module")
def engine(api: int, new_engine: NewEngine) -> Engine:
    made = new_engine()
    made.use_provider("digitalocean", f"http://127.0.0.1:{api}")
    made.configure(imageGit="", image=DIGESTS[0], alertEmails=["a@example.org"], buckets=BUCKETS)
    made.up()
    return made


def _api(port: int, what: str, **body: object) -> Any:
    url = f"http://127.0.0.1:{port}/v2/test/{what}"
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def test_the_first_up_creates_everything_and_a_second_is_empty(engine: Engine, api: int) -> None:
    done = _api(api, "record")["record"]

    assert done.count("POST /v2/databases") == 2
    assert done.index("PUT /v2/databases/ID/firewall") < done.index("POST /v2/apps")
    # Eight alerts; the provider confuses equal rules of two components, and repeats requests.
    assert len([line for line in done if line.endswith("/destinations")]) >= 8
    keys = [index for index, line in enumerate(done) if line == "POST key"]
    assert len(keys) == len(BUCKETS)
    assert done.index("PUT bucket") < keys[-1] < done.index("POST /v2/apps")
    assert engine.preview() == {}


def test_the_state_has_no_provider_credentials_and_no_key_in_plain_text(
    engine: Engine,
) -> None:
    state, shown = engine.state_file(), engine.run("stack", "export", "--show-secrets").out

    assert not [secret for secret in (TOKEN, SPACES_SECRET, "of-the-provider") if secret in shown]
    assert shown.count("secret/of+DO00") >= 2
    assert "secret/of+" not in state
    assert "secret%2Fof%2B" not in state


def test_an_up_after_a_refresh_is_empty(engine: Engine) -> None:
    engine.run("refresh", "--yes", "--skip-preview")

    assert engine.preview() == {}


def test_a_cluster_upgraded_without_pulumi_keeps_its_version(engine: Engine, api: int) -> None:
    _api(api, "upgrade", engine="pg", version="18")
    engine.run("refresh", "--yes", "--skip-preview")

    assert engine.preview() == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"image": DIGESTS[1]}, {"update app"}),
        ({"intervalSeconds": 30}, {"update app"}),
        ({"workerSize": "apps-s-1vcpu-1gb"}, {"update app"}),
        ({"alertEmails": ["b@example.org"]}, {"update app"}),
        ({"domain": "heartbeat.example.org"}, {"update app"}),
        ({"logDestination": "logs.example.org:12345"}, {"update app"}),
        ({"migrateAtDeploy": False}, {"update app"}),
        (
            {"trustedSources": ["ip_addr:203.0.113.7"]},
            {"update firewalls-pg", "update firewalls-valkey"},
        ),
        (
            {"databaseSize": "db-s-1vcpu-2gb", "databaseNodes": 2},
            {"update heartbeat-dev-pg", "update heartbeat-dev-valkey"},
        ),
        (
            {"databases": [{"kind": "valkey", "name": "sessions"}]},
            {"create heartbeat-dev-sessions", "create firewalls-sessions", "update app"},
        ),
        ({"postgresVersion": "16"}, set()),
        ({"buckets": BUCKETS[:1]}, {"delete heartbeat-dev-media-key", "update app"}),
        (
            {"buckets": [*BUCKETS, {"kind": "spaces", "name": "docs", "existing": "team-docs"}]},
            {"create heartbeat-dev-docs-key", "update app"},
        ),
        (
            {"buckets": [{**BUCKETS[0], "prefix": "p"}, BUCKETS[1]]},
            {"update app"},
        ),
        (
            {"protectData": False},
            {"update heartbeat-dev-photos"},
        ),
    ],
)
def test_each_setting_changes_exactly_the_resources_that_depend_on_it(
    engine: Engine, values: dict[str, Any], expected: set[str]
) -> None:
    with engine.configured(**values):
        assert set(engine.preview()) == expected


def test_a_failed_deployment_is_reported_and_the_next_up_completes_it(
    engine: Engine, api: int
) -> None:
    with engine.configured(intervalSeconds=45):
        _api(api, "fail", fail=True)
        failed = engine.up(check=False)
        _api(api, "fail", fail=False)
        engine.up()

        assert failed.code
        assert engine.preview() == {}


def test_a_protected_stack_refuses_a_destroy_without_deleting_anything(
    engine: Engine, api: int
) -> None:
    before = _api(api, "record")["things"]
    refused = engine.run("destroy", "--yes", "--skip-preview", check=False)
    after = _api(api, "record")["things"]
    engine.configure(protectData=False)
    engine.up()
    engine.run("destroy", "--yes", "--skip-preview")

    assert refused.code
    assert after == before
    assert _api(api, "record")["things"] == []
