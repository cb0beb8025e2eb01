from tests.stack.conftest import Program


def test_the_clusters_are_postgresql_17_and_valkey_8(program: Program) -> None:
    clusters = {c.inputs["engine"]: c for c in program().of("DatabaseCluster")}

    assert {engine: c.inputs["version"] for engine, c in clusters.items()} == {
        "pg": "17",
        "valkey": "8",
    }
    assert clusters["valkey"].inputs["evictionPolicy"] == "noeviction"
    assert "evictionPolicy" not in clusters["pg"].inputs


def test_the_data_is_protected_unless_it_is_given_up(program: Program) -> None:
    kept, given_up = program(), program(protectData="false")

    for kind in ("DatabaseCluster", "secret:Secret"):
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


def test_existing_clusters_are_attached_and_otherwise_left_alone(program: Program) -> None:
    for variant in ("existing clusters", "existing clusters, public"):
        recording = program(variant)

        names = [d["clusterName"] for d in recording.spec["databases"]]
        assert names == ["team-pg", "team-valkey"]
        assert not recording.of("DatabaseFirewall")
