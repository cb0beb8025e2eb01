"""Create a deployment's resources, and connect them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_digitalocean as digitalocean

from schema import migrations
from stack import deployed, environment, image
from stack.app import App
from stack.databases import Databases, DatabasesArgs
from stack.identity import Identity
from stack.kinds import KINDS, KindName
from stack.network import Firewalls, Network
from stack.parts import AppArgs
from stack.project import Membership
from stack.secret import Secret
from stack.settings import Settings
from stack.spaces import Spaces


@dataclass(frozen=True, kw_only=True)
class ProgramInputs:
    """Values from the calling program that settings cannot express.

    Attributes:
        clusters: Clusters of the program that become the app's own stores, by kind.
        vpc: The VPC of app and clusters, None to use the settings'.
        password: The page's password, None to use the settings'.
        before: The outputs of the stack's last `up`.
    """

    clusters: Mapping[KindName, digitalocean.DatabaseCluster] = field(default_factory=dict)
    vpc: digitalocean.Vpc | None = None
    password: pulumi.Input[str] | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The resources whose outputs a program exports."""

    app: App
    identity: Identity
    secret: Secret


def deploy(
    chosen: Settings,
    inputs: ProgramInputs,
    *,
    prefix: str = "",
    opts: pulumi.ResourceOptions | None = None,
) -> Deployment:
    """Register everything.

    Args:
        chosen: The settings.
        inputs: Values from the calling program.
        prefix: The beginning of the resources' names.
        opts: The options of every component, such as its parent.
    """
    network = _network(chosen, inputs, prefix, opts)
    databases = Databases(f"{prefix}databases", _databases(chosen, inputs, network), opts)
    secret = Secret(f"{prefix}{chosen.name}", chosen, opts)
    identity = Identity(f"{prefix}identity", chosen, secret.arn, opts)
    spaces = Spaces(f"{prefix}spaces", chosen, opts) if chosen.spaces else None
    before: list[pulumi.Resource] = [databases, secret, identity, *([spaces] if spaces else [])]
    firewalls = f"{prefix}firewalls"
    if network:
        rules = [_rule("ip_addr", network.ip_range), *_trusted(chosen)]
        before.append(Firewalls(firewalls, databases.clusters, rules, opts))
    source = image.source(
        chosen.image,
        chosen.image_build,
        chosen.image_git,
        chosen.image_branch,
        tag=pulumi.get_stack(),
    )
    args = AppArgs(
        chosen=chosen,
        vpc_id=network.vpc_id if network else None,
        source=source,
        databases=databases.clusters,
        environment=environment.variables(
            chosen, databases, secret, identity, source=source, head=migrations.head()
        ),
        secrets=environment.secrets(chosen, identity, spaces, inputs.password),
        sends_secrets=chosen.sends_secrets or not deployed.has_bucket_keys(chosen, inputs.before),
        sends_recipients=not deployed.has_recipients(chosen, inputs.before),
    )
    app = App(f"{prefix}app", args, after=before, opts=opts)
    if not network:
        rules = [_rule("app", app.id), *_trusted(chosen)]
        Firewalls(firewalls, databases.clusters, rules, opts)
    if chosen.project_id:
        urns = [c.resource.cluster_urn for c in databases.clusters if c.resource]
        urns += spaces.urns if spaces else []
        Membership(f"{prefix}project", chosen.project_id, app, urns, opts)
    return Deployment(app=app, identity=identity, secret=secret)


def _network(
    chosen: Settings, inputs: ProgramInputs, prefix: str, opts: pulumi.ResourceOptions | None
) -> Network | None:
    if chosen.network != "vpc":
        return None
    vpc_id = inputs.vpc.id if inputs.vpc else chosen.vpc_id
    return Network(f"{prefix}network", chosen, vpc_id, opts)


def _databases(chosen: Settings, inputs: ProgramInputs, network: Network | None) -> DatabasesArgs:
    own = {KINDS[kind].binding: cluster.name for kind, cluster in inputs.clusters.items()}
    return DatabasesArgs(
        name=chosen.name,
        region=chosen.cluster_region,
        protect=chosen.protect_data,
        vpc_id=network.vpc_id if network else None,
        clusters=[
            replace(cluster, existing=own.get(cluster.binding, cluster.existing))
            for cluster in chosen.clusters
        ],
    )


def _trusted(chosen: Settings) -> list[digitalocean.DatabaseFirewallRuleArgs]:
    return [_rule(*source.split(":", 1)) for source in chosen.trusted_sources]


def _rule(type_: str, value: pulumi.Input[str]) -> digitalocean.DatabaseFirewallRuleArgs:
    return digitalocean.DatabaseFirewallRuleArgs(type=type_, value=value)
