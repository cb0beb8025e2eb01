import pulumi_digitalocean as digitalocean

from tests.stack.conftest import Program


def test_the_clusters_are_postgresql_17_and_valkey_8(program: Program) -> None:
    clusters = {c.inputs["engine"]: c for c in program().of("DatabaseCluster")}

    assert {engine: c.inputs["version"] for engine, c in clusters.items()} == {
        "pg": "17",
        "valkey": "8",
    }
    assert clusters["valkey"].inputs["evictionPolicy"] == "noeviction"
    assert "evictionPolicy" not in clusters["pg"].inputs


def test_a_cluster_upgraded_without_pulumi_keeps_its_version(program: Program) -> None:
    for cluster in program("more databases").of("DatabaseCluster"):
        assert list(cluster.request.ignoreChanges) == ["version"]


def test_the_list_of_databases_creates_further_clusters(program: Program) -> None:
    recording = program("more databases", databaseSize="db-s-2vcpu-4gb", valkeyVersion="9")

    made = {c.inputs["name"]: c.inputs for c in recording.of("DatabaseCluster")}
    assert set(made) == {"heartbeat-dev-pg", "heartbeat-dev-valkey", "heartbeat-dev-orders-db"}
    orders, own = made["heartbeat-dev-orders-db"], made["heartbeat-dev-pg"]
    assert (orders["size"], orders["nodeCount"]) == ("db-s-1vcpu-2gb", 2)
    assert (own["size"], own["nodeCount"]) == ("db-s-2vcpu-4gb", 1)
    assert made["heartbeat-dev-valkey"]["version"] == "9"
    assert recording.one("DatabaseFirewall", "orders-db").inputs["rules"]


def test_more_clusters_are_attached_and_become_sources(program: Program) -> None:
    private = program("more databases")
    public = program("more databases", network="public", vpcId="")

    attached = {d["name"]: d["clusterName"] for d in private.spec["databases"]}
    assert attached["orders-db"] == "heartbeat-dev-orders-db"
    assert attached["sessions"] == "team-sessions"
    names = {"HEARTBEAT_SOURCE_ORDERS_DB", "HEARTBEAT_SOURCE_SESSIONS"}
    environ = {e["key"]: e["value"] for e in private.components[0]["envs"]}
    assert {k for k in environ if k.startswith("HEARTBEAT_SOURCE_")} == {
        *names,
        *(f"{name}_CA_CERT" for name in names),
    }
    assert environ["HEARTBEAT_SOURCE_ORDERS_DB"] == (
        "postgresql://${orders-db.USERNAME}:${orders-db.PASSWORD}"
        "@private-heartbeat-dev-orders-db.db.example:${orders-db.PORT}/${orders-db.DATABASE}"
        "?sslmode=verify-ca"
    )
    assert environ["HEARTBEAT_SOURCE_SESSIONS"] == (
        "rediss://${sessions.USERNAME}:${sessions.PASSWORD}"
        "@private-team-sessions.db.example:${sessions.PORT}?ssl_check_hostname=false"
    )
    environ = {e["key"]: e["value"] for e in public.components[0]["envs"]}
    assert environ["HEARTBEAT_SOURCE_SESSIONS"] == (
        "rediss://${sessions.USERNAME}:${sessions.PASSWORD}@${sessions.HOSTNAME}:${sessions.PORT}"
    )


def test_a_mysql_is_created_attached_and_becomes_a_source(program: Program) -> None:
    recording = program(databases='[{"kind": "mysql", "name": "shop"}]')

    (made,) = (c.inputs for c in recording.of("DatabaseCluster") if c.inputs["engine"] == "mysql")
    assert (made["name"], made["version"]) == ("heartbeat-dev-shop", "8")
    (attached,) = (each for each in recording.spec["databases"] if each["name"] == "shop")
    assert attached["engine"] == "MYSQL"
    environ = {e["key"]: e["value"] for e in recording.components[0]["envs"]}
    url = environ["HEARTBEAT_SOURCE_SHOP"]
    assert url == (
        "mysql://${shop.USERNAME}:${shop.PASSWORD}"
        "@private-heartbeat-dev-shop.db.example:${shop.PORT}/${shop.DATABASE}?ssl-mode=VERIFY_CA"
    )
    assert environ["HEARTBEAT_SOURCE_SHOP_CA_CERT"] == "${shop.CA_CERT}"
    assert recording.one("DatabaseFirewall", "shop").inputs["rules"]


def test_data_and_app_are_protected_unless_protect_data_is_off(program: Program) -> None:
    kept, given_up = program(), program(protectData="false")

    for kind in ("DatabaseCluster", "secret:Secret", "index/app:App"):
        assert all(r.request.protect for r in kept.of(kind))
        assert not any(r.request.protect for r in given_up.of(kind))


def test_the_app_attaches_both_clusters(program: Program) -> None:
    assert program().spec["databases"] == [
        {"name": "pg", "engine": "PG", "production": True, "clusterName": "heartbeat-dev-pg"},
        {
            "name": "valkey",
            "engine": "VALKEY",
            "production": True,
            "clusterName": "heartbeat-dev-valkey",
        },
    ]


def test_existing_clusters_are_attached_and_otherwise_unchanged(program: Program) -> None:
    for variant in ("existing clusters", "existing clusters, public"):
        recording = program(variant)

        names = [d["clusterName"] for d in recording.spec["databases"]]
        assert names == ["team-pg", "team-valkey"]
        assert not recording.of("DatabaseFirewall")


def test_valkey_is_used_as_the_clusters_default_user(program: Program) -> None:
    for variant in ("vpc", "public network", "existing clusters"):
        environ = {e["key"]: e["value"] for e in program(variant).components[0]["envs"]}

        assert environ["VALKEY_USER"] == "${valkey.USERNAME}"
        assert environ["VALKEY_PASSWORD"] == "${valkey.PASSWORD}"


def test_the_provider_still_has_no_acl_for_a_user_of_valkey() -> None:
    """Review decisions/115 once it has one."""
    known = digitalocean.DatabaseUserSettingArgs.__init__.__annotations__

    assert set(known) == {"acls", "opensearch_acls"}
    assert set(digitalocean.DatabaseUserSettingAclArgs.__init__.__annotations__) == {
        *("permission", "topic", "id"),  # Kafka's
    }
