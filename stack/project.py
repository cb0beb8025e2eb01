"""The project in which DigitalOcean shows what belongs together."""

from collections.abc import Sequence

import pulumi
import pulumi_digitalocean as digitalocean

from stack.app import App
from stack.databases import Cluster


class Membership(pulumi.ComponentResource):
    """App and clusters of ours in an existing project.

    As a membership, and not as the app's own `project_id`, of which a change makes a new app.
    """

    def __init__(
        self,
        name: str,
        project_id: str,
        app: App,
        clusters: Sequence[Cluster],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("heartbeat:stack:Membership", name, None, opts)
        ours = [c.resource.cluster_urn for c in clusters if c.resource is not None]
        digitalocean.ProjectResources(
            name,
            digitalocean.ProjectResourcesArgs(
                project=project_id, resources=[app.platform_urn, *ours]
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
