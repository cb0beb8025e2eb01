"""Heartbeat's cloud: this file wires the parts and exports what a person needs to know."""

import pulumi
import pulumi_digitalocean as digitalocean

from schema import migrations
from stack import costs, deployed, environment, image, settings
from stack.app import App
from stack.databases import Databases, DatabasesArgs
from stack.identity import Identity, IdentityArgs
from stack.network import Firewalls, Network, NetworkArgs
from stack.parts import AppArgs
from stack.secret import Secret, SecretArgs

chosen = settings.load()
before = deployed.outputs()
deployed.check_place(chosen, before)
head = migrations.head()
private = chosen.network == "vpc"

network = (
    Network(
        "network",
        NetworkArgs(name=chosen.name, region=chosen.cluster_region, vpc_id=chosen.vpc_id),
    )
    if private
    else None
)
databases = Databases(
    "databases",
    DatabasesArgs(
        name=chosen.name,
        region=chosen.cluster_region,
        protect=chosen.protect_data,
        vpc_id=network.vpc_id if network else None,
        clusters=chosen.clusters,
    ),
)
secret = Secret(chosen.name, SecretArgs(arn=chosen.secret_arn, protect=chosen.protect_data))
identity = Identity(
    "identity",
    IdentityArgs(
        name=chosen.name,
        generations=chosen.identity_generations,
        revoked_before=chosen.identity_revoked_before,
        secret_arn=secret.arn,
        role_arn=chosen.role_arn,
        protect=chosen.protect_data,
    ),
)
before_the_app: list[pulumi.Resource] = [databases, secret, identity]
if network:
    rule = digitalocean.DatabaseFirewallRuleArgs(type="ip_addr", value=network.ip_range)
    before_the_app.append(Firewalls("firewalls", databases.clusters, rule))
source = image.source(
    chosen.image,
    chosen.image_build,
    chosen.image_git,
    chosen.image_branch,
    tag=pulumi.get_stack(),
)
app = App(
    "app",
    AppArgs(
        name=chosen.name,
        region=chosen.region,
        vpc_id=network.vpc_id if network else None,
        source=source,
        databases=databases.clusters,
        environment=environment.variables(
            chosen, databases, secret, identity, source=source, head=head
        ),
        secrets=environment.secrets(chosen, identity),
        sends_secrets=chosen.sends_secrets,
        sends_recipients=not deployed.told(chosen, before),
        protect=chosen.protect_data,
        api_size=chosen.api_size,
        api_instances=chosen.api_instances,
        worker_size=chosen.worker_size,
        migrate=chosen.migrate_at_deploy,
        alert_emails=chosen.alert_emails,
        log_destination=chosen.log_destination,
    ),
    after=before_the_app,
)
if not private:
    rule = digitalocean.DatabaseFirewallRuleArgs(type="app", value=app.id)
    Firewalls("firewalls", databases.clusters, rule)

pulumi.export("url", app.url)
pulumi.export("appId", app.id)
pulumi.export("roleArn", identity.role_arn)
pulumi.export("profileArn", identity.profile_arn)
pulumi.export("trustAnchorArn", identity.anchor_arn)
pulumi.export("secretArn", secret.arn)
pulumi.export("trustPolicy", identity.trust_policy)
pulumi.export("certificateExpiry", identity.certificate_expiry)
pulumi.export("schemaHead", head)
pulumi.export("monthlyCostUsd", costs.monthly_usd(chosen))
pulumi.export("place", deployed.place(chosen))
# Only once the app has them: a failed `up` must send them again.
pulumi.export("alertEmails", app.id.apply(lambda _: list(chosen.alert_emails)))
