"""The project at DigitalOcean that groups the resources."""

from collections.abc import Sequence

import pulumi
import pulumi_digitalocean as digitalocean

from stack.app import App


class Membership(pulumi.ComponentResource):
    """App, clusters and buckets of ours in an existing project.

    Not by the app's own `project_id`: changing that replaces the app.
    """

    def __init__(
        self,
        name: str,
        project_id: str,
        app: App,
        others: Sequence[pulumi.Output[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("heartbeat:stack:Membership", name, None, opts)
        digitalocean.ProjectResources(
            name,
            digitalocean.ProjectResourcesArgs(
                project=project_id, resources=[app.platform_urn, *others]
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
