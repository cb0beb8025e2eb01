"""How the parts of a deployment depend on each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_digitalocean as digitalocean
from pydantic import SecretStr

from schema import migrations
from stack import deployed, environment, image
from stack.app import App
from stack.databases import Databases, DatabasesArgs
from stack.identity import GivenCertificate, Identity, IdentityArgs
from stack.kinds import KINDS, KindName
from stack.network import Firewalls, Network, NetworkArgs
from stack.parts import AppArgs
from stack.policies import StoredObject
from stack.project import Membership
from stack.secret import Secret, SecretArgs
from stack.settings import Settings
from stack.spaces import Spaces, SpacesArgs


@dataclass(frozen=True, kw_only=True)
class Given:
    """What another part of the program made, in place of settings.

    Attributes:
        clusters: The app's own stores, by kind.
        vpc: The VPC of app and clusters.
        password: The page's password.
        before: What the stack's last `up` exported.
    """

    clusters: Mapping[KindName, digitalocean.DatabaseCluster] = field(default_factory=dict)
    vpc: digitalocean.Vpc | None = None
    password: pulumi.Input[str] | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What was made, as far as others need it."""

    app: App
    identity: Identity
    secret: Secret


def deploy(
    chosen: Settings, given: Given, *, prefix: str = "", opts: pulumi.ResourceOptions | None = None
) -> Deployment:
    """Register everything.

    Args:
        chosen: The settings.
        given: What is there already, in this program.
        prefix: Begins the resources' names.
        opts: Of every part: its parent, if it has one.
    """
    network = _network(chosen, given, prefix, opts)
    databases = Databases(f"{prefix}databases", _databases(chosen, given, network), opts)
    secret = Secret(
        f"{prefix}{chosen.name}",
        SecretArgs(
            arn=chosen.secret_arn, key_arn=chosen.secret_kms_key_arn, protect=chosen.protect_data
        ),
        opts,
    )
    identity = Identity(f"{prefix}identity", _identity(chosen, secret), opts)
    spaces = _spaces(chosen, prefix, opts)
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
    variables = environment.variables(
        chosen, databases, secret, identity, source=source, head=migrations.head()
    )
    args = replace(
        _app(chosen, source, databases),
        vpc_id=network.vpc_id if network else None,
        environment=variables,
        secrets=environment.secrets(chosen, identity, spaces, given.password),
        sends_secrets=chosen.sends_secrets or not deployed.keyed(chosen, given.before),
        sends_recipients=not deployed.told(chosen, given.before),
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
    chosen: Settings, given: Given, prefix: str, opts: pulumi.ResourceOptions | None
) -> Network | None:
    if chosen.network != "vpc":
        return None
    vpc_id = given.vpc.id if given.vpc else chosen.vpc_id
    args = NetworkArgs(name=chosen.name, region=chosen.cluster_region, vpc_id=vpc_id)
    return Network(f"{prefix}network", args, opts)


def _databases(chosen: Settings, given: Given, network: Network | None) -> DatabasesArgs:
    own = {KINDS[kind].binding: cluster.name for kind, cluster in given.clusters.items()}
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


def _spaces(chosen: Settings, prefix: str, opts: pulumi.ResourceOptions | None) -> Spaces | None:
    if not chosen.spaces:
        return None
    args = SpacesArgs(
        name=chosen.name,
        region=chosen.cluster_region,
        protect=chosen.protect_data,
        buckets=chosen.spaces,
    )
    return Spaces(f"{prefix}spaces", args, opts)


def _objects(chosen: Settings) -> list[StoredObject]:
    return [
        StoredObject(
            bucket=str(bucket.existing),
            key=bucket.key(chosen.heartbeat_name),
            region=bucket.region or chosen.aws_region,
            key_arn=bucket.kms_key_arn,
        )
        for bucket in chosen.s3
    ]


def _identity(chosen: Settings, secret: Secret) -> IdentityArgs:
    given = None
    if chosen.trust_anchor_arn and chosen.client_certificate and chosen.client_key:
        given = GivenCertificate(
            anchor_arn=chosen.trust_anchor_arn,
            certificate=chosen.client_certificate,
            key=chosen.client_key.get_secret_value(),
        )
    return IdentityArgs(
        name=chosen.name,
        generations=chosen.identity_generations,
        revoked_before=chosen.identity_revoked_before,
        secret_arn=secret.arn,
        key_arn=chosen.secret_kms_key_arn,
        objects=_objects(chosen),
        role_arn=chosen.role_arn,
        boundary_arn=chosen.permissions_boundary_arn,
        protect=chosen.protect_data,
        given=given,
    )


def _app(chosen: Settings, source: image.Source, databases: Databases) -> AppArgs:
    """Take from the settings what they say of the app; the rest depends on what is made."""
    return AppArgs(
        name=chosen.name,
        region=chosen.region,
        vpc_id=None,
        source=source,
        databases=databases.clusters,
        environment=[],
        secrets=[],
        sends_secrets=chosen.sends_secrets,
        sends_recipients=True,
        protect=chosen.protect_data,
        api_size=chosen.api_size,
        api_instances=chosen.api_instances,
        worker_size=chosen.worker_size,
        worker_instances=chosen.worker_instances,
        migrate=chosen.migrate_at_deploy,
        alert_emails=chosen.alert_emails,
        log_destination=chosen.log_destination,
        log_token=_hidden(chosen.log_token),
        image_credentials=_hidden(chosen.image_credentials),
        domain=_domain(chosen),
    )


def _domain(chosen: Settings) -> digitalocean.AppSpecDomainNameArgs | None:
    if chosen.domain is None:
        return None
    return digitalocean.AppSpecDomainNameArgs(
        name=chosen.domain, type="PRIMARY", zone=chosen.domain_zone
    )


def _hidden(secret: SecretStr | None) -> pulumi.Output[str] | None:
    return None if secret is None else pulumi.Output.secret(secret.get_secret_value())


def _trusted(chosen: Settings) -> list[digitalocean.DatabaseFirewallRuleArgs]:
    return [_rule(*source.split(":", 1)) for source in chosen.trusted_sources]


def _rule(type_: str, value: pulumi.Input[str]) -> digitalocean.DatabaseFirewallRuleArgs:
    return digitalocean.DatabaseFirewallRuleArgs(type=type_, value=value)
