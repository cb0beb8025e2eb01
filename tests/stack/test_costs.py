import json

import pytest

from stack import costs, settings
from tests.stack import recorder


def _usd(**changes: str) -> float:
    return costs.monthly_usd(_settings(**changes))


def _settings(**changes: str) -> settings.Settings:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    return settings.parse(values | changes)


def test_the_example_costs_two_components_two_clusters_and_a_secret() -> None:
    assert _usd() == pytest.approx(5 + 5 + 15.15 + 15 + 0.40 + 0.44, abs=0.01)


def test_existing_resources_cost_nothing() -> None:
    postgres = {"postgresCluster": "team-pg", "network": "public"}
    both = {**postgres, "valkeyCluster": "team-valkey"}

    assert _usd(**postgres) == pytest.approx(10 + 15 + 0.40 + 0.44, abs=0.01)
    assert _usd(**both) == pytest.approx(10 + 0.40 + 0.44, abs=0.01)


def test_only_new_databases_add_to_the_cost() -> None:
    made = {"kind": "valkey", "name": "sessions", "size": "db-s-1vcpu-2gb", "nodes": 2}
    existing = {"kind": "postgres", "name": "orders", "existing": "team-orders"}

    more = _usd(databases=json.dumps([made, existing]), network="public")
    assert more == pytest.approx(_usd() + 2 * 30, abs=0.01)


def test_the_first_new_bucket_adds_a_subscription_and_s3_adds_its_writes() -> None:
    new = [{"kind": "spaces", "name": name} for name in ("photos", "media")]
    s3 = [{"kind": "s3", "name": name, "existing": f"team-{name}"} for name in ("a", "b")]
    existing = [{"kind": "spaces", "name": "c", "existing": "team-c"}]

    assert _usd(buckets=json.dumps(new)) == pytest.approx(_usd() + 5, abs=0.01)
    assert _usd(buckets=json.dumps(existing)) == _usd()
    assert _usd(buckets=json.dumps(s3)) == pytest.approx(_usd() + 2 * 0.22, abs=0.011)


def test_instances_nodes_and_sizes_count() -> None:
    larger = {
        "apiSize": "apps-s-1vcpu-1gb",
        "apiInstances": "3",
        "workerSize": "apps-s-1vcpu-2gb",
        "workerInstances": "2",
        "databaseSize": "db-s-1vcpu-2gb",
        "databaseNodes": "2",
    }

    assert _usd(**larger) == pytest.approx(
        3 * 12 + 2 * 25 + 2 * (30.45 + 30) + 0.40 + 0.44, abs=0.01
    )


@pytest.mark.parametrize(
    ("key", "prices"),
    [("apiSize", "app"), ("databaseSize", "postgres"), ("databaseSize", "valkey")],
)
def test_every_size_that_is_priced_is_accepted(key: str, prices: str) -> None:
    for size in json.loads(costs.PRICES.read_text())[prices]:
        assert _usd(**{key: size}) > 0


def test_a_kind_without_prices_is_left_out_and_named() -> None:
    mysql = json.dumps([{"kind": "mysql", "name": "shop", "size": "db-s-1vcpu-1gb"}])

    assert _usd(databases=mysql) == _usd()
    assert costs.unpriced(_settings(databases=mysql)) == ["db-s-1vcpu-1gb of mysql"]
