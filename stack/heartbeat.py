"""Heartbeat as a component of any Pulumi program, beside the app whose stores it watches."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_digitalocean as digitalocean

from stack import defaults, settings, wiring
from stack.choices import HIDDEN
from stack.kinds import KindName


@dataclass(frozen=True, kw_only=True)
class HeartbeatArgs:
    """The arguments of a Heartbeat.

    Attributes:
        settings: Values by the keys of docs/stack.md; missing ones have their defaults.
        clusters: Clusters of this program that replace the app's own two, by kind.
        vpc: The clusters' VPC; None in public mode, or to create one for Heartbeat.
        password: The page's password, None for `dashboardPassword` or `public` in the settings.
    """

    settings: Mapping[str, object]
    clusters: Mapping[KindName, digitalocean.DatabaseCluster] = field(default_factory=dict)
    vpc: digitalocean.Vpc | None = None
    password: pulumi.Input[str] | None = None


class Heartbeat(pulumi.ComponentResource):
    """All that `pulumi up` creates in this repository, as one component."""

    url: pulumi.Output[str]
    """The page."""
    app_id: pulumi.Output[str]
    """The app's id, for `doctl apps`."""
    secret_arn: pulumi.Output[str]
    """The secret."""
    trust_policy: pulumi.Output[str]
    """The statement that an existing role's trust policy needs."""
    certificate_expiry: pulumi.Output[str]
    """When the client certificate ends, RFC 3339."""

    def __init__(
        self, name: str, args: HeartbeatArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("heartbeat:stack:Heartbeat", name, None, opts)
        made = wiring.deploy(
            chosen(args),
            wiring.ProgramInputs(clusters=args.clusters, vpc=args.vpc, password=args.password),
            prefix=f"{name}-",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.url, self.app_id = made.app.url, made.app.id
        self.secret_arn = made.secret.arn
        self.trust_policy = made.identity.trust_policy
        self.certificate_expiry = made.identity.certificate_expiry
        self.register_outputs({"url": self.url, "appId": self.app_id})


def chosen(args: HeartbeatArgs) -> settings.Settings:
    """Parse the settings in the arguments.

    Raises:
        SettingsError: Some are invalid, or contradict the arguments' resources.
    """
    known = defaults.defaults()
    region = {"aws:region": pulumi.Config("aws").get("region") or ""}
    values = known | region | {key: defaults.text(v) for key, v in args.settings.items()}
    if args.password is not None:
        values["dashboardPassword"] = HIDDEN
    if unknown := sorted(values.keys() - known.keys() - region.keys()):
        msg = f"{', '.join(unknown)}: no such setting; docs/stack.md has them all"
        raise settings.SettingsError(msg)
    if values["imageBuild"]:
        msg = "imageBuild is set: build in a checkout of Heartbeat, and give the digest as image"
        raise settings.SettingsError(msg)
    parsed = settings.parse(values)
    if args.clusters and parsed.network == "vpc" and not (args.vpc or parsed.vpc_id):
        msg = "vpc is not given: clusters are reached in their own; or set network to public"
        raise settings.SettingsError(msg)
    return parsed
