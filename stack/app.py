"""The app: API, worker and migration from one image."""

from collections.abc import Sequence

import pulumi
import pulumi_digitalocean as digitalocean

from stack import components
from stack.databases import Cluster
from stack.parts import AppArgs
from stack.settings import Settings

# The first deployment may wait in a queue. The provider accepts no timeout for later ones: it waits
# 30 minutes.
FIRST_TIMEOUT = "45m"
# App Platform returns a secret as EV[1:…], so the provider would see a change and redeploy on every
# `up` [terraform-provider-digitalocean #1603].
SECRETS = [
    "spec.envs",
    *(
        f"spec.{part}[*].{secret}"
        for part in ("services", "workers", "jobs")
        for secret in (
            "image.registryCredentials",
            "logDestinations[*].datadog.apiKey",
            "logDestinations[*].logtail.token",
            "logDestinations[*].openSearch.basicAuth.password",
        )
    ),
]
# App Platform never returns an alert's recipients, so every `refresh` would lose them and the next
# `up` would redeploy.
RECIPIENTS = [f"spec.{part}alerts[*].destinations" for part in ("", "services[*].", "workers[*].")]


class App(pulumi.ComponentResource):
    """The app on App Platform, deployed after the resources in `after`."""

    id: pulumi.Output[str]
    """The app's id, for `doctl apps`."""
    platform_urn: pulumi.Output[str]
    """The app's name in a project."""
    url: pulumi.Output[str]
    """The dashboard's address."""

    def __init__(
        self,
        name: str,
        args: AppArgs,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("heartbeat:stack:App", name, None, opts)
        app = digitalocean.App(
            name,
            digitalocean.AppArgs(spec=spec(args)),
            pulumi.ResourceOptions(
                parent=self,
                depends_on=after,  # the component's own would not apply to this resource
                # A destroy begins with the app: it must be refused before anything is gone.
                protect=args.chosen.protect_data,
                ignore_changes=[
                    *([] if args.sends_secrets else SECRETS),
                    *([] if args.sends_recipients else RECIPIENTS),
                ],
                custom_timeouts=pulumi.CustomTimeouts(create=FIRST_TIMEOUT),
            ),
        )
        self.id, self.platform_urn, self.url = app.id, app.app_urn, app.live_url
        self.register_outputs({"id": self.id, "url": self.url})


def spec(args: AppArgs) -> digitalocean.AppSpecArgs:
    """Describe the app; a pure function of the argument."""
    chosen = args.chosen
    return digitalocean.AppSpecArgs(
        name=chosen.name,
        region=chosen.region,
        vpcs=None if args.vpc_id is None else [digitalocean.AppSpecVpcArgs(id=args.vpc_id)],
        domain_names=_domains(chosen),
        disable_edge_cache=True,  # every answer is of this moment, and a WebSocket is a stream
        databases=[_database(cluster) for cluster in args.databases],
        envs=[
            digitalocean.AppSpecEnvArgs(
                key=variable.key, value=variable.value, type="SECRET", scope="RUN_TIME"
            )
            for variable in args.secrets
        ],
        services=[components.api(args)],
        workers=[components.worker(args)],
        jobs=[components.migration(args)] if chosen.migrate_at_deploy else [],
        ingress=_everything_to(components.API),
        alerts=[
            digitalocean.AppSpecAlertArgs(
                rule=rule,
                destinations=digitalocean.AppSpecAlertDestinationsArgs(emails=chosen.alert_emails)
                if chosen.alert_emails
                else None,
            )
            for rule in ("DEPLOYMENT_FAILED", "DEPLOYMENT_LIVE")
        ],
    )


def _domains(chosen: Settings) -> list[digitalocean.AppSpecDomainNameArgs] | None:
    if chosen.domain is None:
        return None
    return [
        digitalocean.AppSpecDomainNameArgs(
            name=chosen.domain, type="PRIMARY", zone=chosen.domain_zone
        )
    ]


def _database(cluster: Cluster) -> digitalocean.AppSpecDatabaseArgs:
    return digitalocean.AppSpecDatabaseArgs(
        name=cluster.args.binding,
        engine=cluster.kind.attached,
        production=True,
        cluster_name=cluster.cluster_name,
        db_name=cluster.args.database,
        db_user=cluster.args.user,
    )


def _everything_to(component: str) -> digitalocean.AppSpecIngressArgs:
    """Send pages, API and WebSocket by one rule: App Platform upgrades a connection as it is."""
    return digitalocean.AppSpecIngressArgs(
        rules=[
            digitalocean.AppSpecIngressRuleArgs(
                match=digitalocean.AppSpecIngressRuleMatchArgs(
                    path=digitalocean.AppSpecIngressRuleMatchPathArgs(prefix="/")
                ),
                component=digitalocean.AppSpecIngressRuleComponentArgs(name=component),
            )
        ]
    )
