from tests.stack.conftest import OLD_VPC, Program


def test_in_vpc_mode_the_databases_are_closed_before_the_app_is_created(program: Program) -> None:
    recording = program()

    app, firewalls = recording.one("index/app:App"), recording.of("DatabaseFirewall")
    assert len(firewalls) == 2
    for firewall in firewalls:
        assert firewall.inputs["rules"] == [{"type": "ip_addr", "value": "10.1.0.0/20"}]
        assert firewall.urn in recording.needs(app)


def test_in_vpc_mode_app_and_clusters_share_the_vpc(program: Program) -> None:
    recording = program()

    assert recording.spec["vpcs"] == [{"id": "network-vpc-id"}]
    clusters = recording.of("DatabaseCluster")
    assert {c.inputs["privateNetworkUuid"] for c in clusters} == {"network-vpc-id"}
    assert {c.inputs["region"] for c in clusters} == {recording.one("Vpc").inputs["region"]}


def test_in_public_mode_only_the_app_is_trusted(program: Program) -> None:
    recording = program("public network")

    app, firewalls = recording.one("index/app:App"), recording.of("DatabaseFirewall")
    assert len(firewalls) == 2
    for firewall in firewalls:
        assert firewall.inputs["rules"] == [{"type": "app", "value": recording.exports["appId"]}]
        assert app.urn in recording.needs(firewall)
    assert "vpcs" not in recording.spec


def test_a_firewall_is_deleted_with_its_cluster(program: Program) -> None:
    for recording in (program(), program("public network")):
        clusters = {c.urn for c in recording.of("DatabaseCluster")}

        assert {f.request.deletedWith for f in recording.of("DatabaseFirewall")} == clusters


def test_an_existing_vpc_is_used(program: Program) -> None:
    recording = program(vpcId=OLD_VPC)

    assert not recording.of("Vpc")
    assert recording.spec["vpcs"] == [{"id": OLD_VPC}]
    rules = [f.inputs["rules"] for f in recording.of("DatabaseFirewall")]
    assert rules == [[{"type": "ip_addr", "value": "10.2.0.0/20"}]] * 2
