"""The private network of app and databases, and the firewalls."""

from collections.abc import Sequence

import pulumi
import pulumi_digitalocean as digitalocean

from stack.databases import Cluster
from stack.settings import Settings


class Network(pulumi.ComponentResource):
    """The VPC of the app and its databases."""

    vpc_id: pulumi.Output[str]
    """The VPC's id, which the app and the clusters name."""
    ip_range: pulumi.Output[str]
    """The VPC's addresses in CIDR notation, which the firewalls admit."""

    def __init__(
        self,
        name: str,
        chosen: Settings,
        vpc_id: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create a VPC, unless there is one to use.

        Args:
            name: Begins the resource's name.
            chosen: The settings.
            vpc_id: An existing VPC, None to make one.
            opts: As for every component.
        """
        super().__init__("heartbeat:stack:Network", name, None, opts)
        if vpc_id is None:
            # DigitalOcean picks a range that is free in the account. Deleting a VPC right after
            # its clusters can be refused for some minutes (unproved): run destroy again.
            vpc = digitalocean.Vpc(
                f"{name}-vpc",
                digitalocean.VpcArgs(name=chosen.name, region=chosen.cluster_region),
                pulumi.ResourceOptions(parent=self),
            )
            self.vpc_id, self.ip_range = vpc.id, vpc.ip_range
        else:
            self.vpc_id = pulumi.Output.from_input(vpc_id)
            self.ip_range = digitalocean.get_vpc_output(
                id=vpc_id, opts=pulumi.InvokeOutputOptions(parent=self)
            ).ip_range
        self.register_outputs({"vpcId": self.vpc_id, "ipRange": self.ip_range})


class Firewalls(pulumi.ComponentResource):
    """The firewall rules of each new cluster; those of existing clusters stay unchanged.

    A cluster without a rule is open to the internet. In VPC mode the rule is the VPC's range and
    comes before the app, so the clusters are never open; an `app` rule needs the app first, so in
    public mode they are open, behind password and TLS, until the first deployment ends.
    """

    def __init__(
        self,
        name: str,
        clusters: Sequence[Cluster],
        rules: Sequence[digitalocean.DatabaseFirewallRuleArgs],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("heartbeat:stack:Firewalls", name, None, opts)
        for cluster in clusters:
            if cluster.resource is None:
                continue
            # Deleting a firewall opens its cluster: delete it with the cluster.
            digitalocean.DatabaseFirewall(
                f"{name}-{cluster.args.binding}",
                digitalocean.DatabaseFirewallArgs(cluster_id=cluster.resource.id, rules=rules),
                pulumi.ResourceOptions(parent=self, deleted_with=cluster.resource),
            )
        self.register_outputs({})
