"""The managed clusters, new or existing, and how the app's spec refers to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as digitalocean

from stack.kinds import KINDS, Kind, KindName

CLUSTER_TIMEOUT = "60m"  # DigitalOcean says 5 to 15 minutes for a new cluster; be generous


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """One cluster that the app uses.

    Attributes:
        binding: The name under which the app's spec attaches it; ends a new cluster's name.
        kind: Its kind.
        version: The engine's version of a new cluster.
        size: Size of one node of a new cluster.
        nodes: Nodes of a new cluster, 1 to 3.
        existing: An existing cluster's name, None to create one.
        database: A database in it that exists, None for the cluster's default.
        user: A user of it that exists, None for its administrator.
    """

    binding: str
    kind: KindName
    version: str
    size: str
    nodes: int
    existing: pulumi.Input[str] | None = None
    database: str | None = None
    user: str | None = None


@dataclass(frozen=True, kw_only=True)
class DatabasesArgs:
    """The arguments of the clusters.

    Attributes:
        name: Names new clusters, with a suffix.
        region: Data centre, such as sfo3.
        protect: Whether Pulumi refuses to delete them.
        vpc_id: The VPC of new clusters, None for the region's default.
        clusters: The first of each kind is the app's own store; the others are sources more.
    """

    name: str
    region: str
    protect: bool
    vpc_id: pulumi.Input[str] | None
    clusters: Sequence[ClusterArgs]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One cluster, with the references for the app's spec.

    Attributes:
        args: Its arguments.
        cluster_name: The cluster's own name.
        private_host: Its host name inside the VPC.
        resource: The resource of a new cluster, None for an existing one.
    """

    args: ClusterArgs
    cluster_name: pulumi.Output[str]
    private_host: pulumi.Output[str]
    resource: digitalocean.DatabaseCluster | None

    @property
    def kind(self) -> Kind:
        """Its kind."""
        return KINDS[self.args.kind]

    def bind(self, attribute: str) -> str:
        """Return a reference that App Platform resolves, so that the spec contains no secret.

        Args:
            attribute: HOSTNAME, PORT, USERNAME, PASSWORD, DATABASE or CA_CERT.
        """
        return f"${{{self.args.binding}.{attribute}}}"

    def host(self, *, private: bool) -> pulumi.Input[str]:
        """Return its host; HOSTNAME is the public name in VPC mode too."""
        return self.private_host if private else self.bind("HOSTNAME")

    def url(self, *, private: bool) -> pulumi.Output[str]:
        """Build a URL whose secrets App Platform replaces.

        The passwords that DigitalOcean generates need no percent-encoding: letters, digits, `_`.
        """
        path = f"/{self.bind('DATABASE')}" if self.kind.has_databases else ""
        query = f"?{self.kind.other_name}" if private else ""
        return pulumi.Output.concat(
            f"{self.kind.scheme}://{self.bind('USERNAME')}:{self.bind('PASSWORD')}@",
            self.host(private=private),
            f":{self.bind('PORT')}{path}{query}",
        )


class Databases(pulumi.ComponentResource):
    """All clusters, including the app's own two."""

    clusters: Sequence[Cluster]
    """In the order of the arguments."""
    first: Mapping[KindName, Cluster]
    """The app's own store of each kind. PostgreSQL is used as its administrator unless a user is
    set, because since version 15 only the administrator may create tables in `public`."""

    def __init__(
        self, name: str, args: DatabasesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("heartbeat:stack:Databases", name, None, opts)
        self._args = args
        self.clusters = [
            self._new(cluster) if cluster.existing is None else self._existing(cluster)
            for cluster in args.clusters
        ]
        self.first = {c.args.kind: c for c in reversed(self.clusters)}
        self.register_outputs({})

    def _new(self, wanted: ClusterArgs) -> Cluster:
        name = f"{self._args.name}-{wanted.binding}"
        cluster = digitalocean.DatabaseCluster(
            name,
            digitalocean.DatabaseClusterArgs(
                name=name,
                engine=KINDS[wanted.kind].engine,
                version=wanted.version,
                eviction_policy=KINDS[wanted.kind].eviction_policy,
                region=self._args.region,
                size=wanted.size,
                node_count=wanted.nodes,
                private_network_uuid=self._args.vpc_id,
            ),
            pulumi.ResourceOptions(
                parent=self,
                protect=self._args.protect,
                # DigitalOcean upgrades it, by its owner's choice or at a version's end: without
                # this, the next `up` would ask to go back.
                ignore_changes=["version"],
                custom_timeouts=pulumi.CustomTimeouts(create=CLUSTER_TIMEOUT),
            ),
        )
        return Cluster(
            args=wanted,
            cluster_name=cluster.name,
            private_host=cluster.private_host,
            resource=cluster,
        )

    def _existing(self, wanted: ClusterArgs) -> Cluster:
        found = digitalocean.get_database_cluster_output(
            name=wanted.existing, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return Cluster(
            args=wanted, cluster_name=found.name, private_host=found.private_host, resource=None
        )
