"""The managed PostgreSQL and Valkey, new or existing, and how the app's spec refers to them."""

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_digitalocean as digitalocean

POSTGRES_VERSION = "17"
VALKEY_VERSION = "8"
# A heartbeat must never vanish in silence: a full Valkey refuses the write, and the page says so.
EVICTION_POLICY = "noeviction"
CLUSTER_TIMEOUT = "60m"  # DigitalOcean says 5 to 15 minutes for a new cluster; be generous

Engine = Literal["PG", "VALKEY"]


@dataclass(frozen=True, kw_only=True)
class DatabasesArgs:
    """What the clusters are made of.

    Attributes:
        name: Names new clusters, with a suffix.
        region: Data centre, such as sfo3.
        size: Size of one node.
        nodes: Nodes of each cluster, 1 to 3.
        protect: Whether Pulumi refuses to delete them.
        vpc_id: The VPC of new clusters, None for the region's default.
        postgres: An existing PostgreSQL cluster's name, None to make one.
        valkey: An existing Valkey cluster's name, None to make one.
    """

    name: str
    region: str
    size: str
    nodes: int
    protect: bool
    vpc_id: pulumi.Input[str] | None
    postgres: str | None
    valkey: str | None


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One cluster, as the app's spec sees it.

    Attributes:
        binding: The name under which the spec attaches it.
        engine: The kind, as the spec writes it.
        cluster_name: The cluster's own name.
        private_host: Its host name inside the VPC.
        resource: The cluster if it is ours, None if it existed.
    """

    binding: str
    engine: Engine
    cluster_name: pulumi.Output[str]
    private_host: pulumi.Output[str]
    resource: digitalocean.DatabaseCluster | None

    def bind(self, attribute: str) -> str:
        """What App Platform replaces at run time, so that the spec holds no secret.

        Args:
            attribute: HOSTNAME, PORT, USERNAME, PASSWORD, DATABASE or CA_CERT.
        """
        return f"${{{self.binding}.{attribute}}}"


class Databases(pulumi.ComponentResource):
    """PostgreSQL and Valkey."""

    postgres: Cluster
    """The cluster of the `last_update` table, reached as its administrator: since version 15 only
    that user may create tables in the schema `public`."""
    valkey: Cluster
    """The cluster of the `worker:last_update` key."""

    def __init__(
        self, name: str, args: DatabasesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("heartbeat:stack:Databases", name, None, opts)
        self._args = args
        self.postgres = (
            self._existing("pg", "PG", args.postgres)
            if args.postgres
            else self._new("pg", "PG", engine="pg", version=POSTGRES_VERSION)
        )
        self.valkey = (
            self._existing("valkey", "VALKEY", args.valkey)
            if args.valkey
            else self._new(
                "valkey",
                "VALKEY",
                engine="valkey",
                version=VALKEY_VERSION,
                eviction_policy=EVICTION_POLICY,
            )
        )
        self.register_outputs({})

    def _new(
        self,
        binding: str,
        kind: Engine,
        *,
        engine: str,
        version: str,
        eviction_policy: str | None = None,
    ) -> Cluster:
        args = self._args
        cluster = digitalocean.DatabaseCluster(
            f"{args.name}-{binding}",
            digitalocean.DatabaseClusterArgs(
                name=f"{args.name}-{binding}",
                engine=engine,
                version=version,
                eviction_policy=eviction_policy,
                region=args.region,
                size=args.size,
                node_count=args.nodes,
                private_network_uuid=args.vpc_id,
            ),
            pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                custom_timeouts=pulumi.CustomTimeouts(create=CLUSTER_TIMEOUT),
            ),
        )
        return Cluster(
            binding=binding,
            engine=kind,
            cluster_name=cluster.name,
            private_host=cluster.private_host,
            resource=cluster,
        )

    def _existing(self, binding: str, kind: Engine, cluster_name: str) -> Cluster:
        found = digitalocean.get_database_cluster_output(
            name=cluster_name, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return Cluster(
            binding=binding,
            engine=kind,
            cluster_name=found.name,
            private_host=found.private_host,
            resource=None,
        )
