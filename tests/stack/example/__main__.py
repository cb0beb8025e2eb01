"""Another Pulumi program: a shop with its databases, and Heartbeat beside it.

`tests/stack/test_heartbeat.py` runs it; docs/stack.md shows its heart.
"""

import pulumi
import pulumi_digitalocean as digitalocean

from stack.heartbeat import Heartbeat, HeartbeatArgs

config = pulumi.Config("shop")

vpc = digitalocean.Vpc("shop", digitalocean.VpcArgs(name="shop", region="fra1"))
postgres = digitalocean.DatabaseCluster(
    "shop-pg",
    digitalocean.DatabaseClusterArgs(
        name="shop-pg",
        engine="pg",
        version="17",
        region="fra1",
        size="db-s-2vcpu-4gb",
        node_count=2,
        private_network_uuid=vpc.id,
    ),
)
valkey = digitalocean.DatabaseCluster(
    "shop-valkey",
    digitalocean.DatabaseClusterArgs(
        name="shop-valkey",
        engine="valkey",
        version="8",
        region="fra1",
        size="db-s-1vcpu-1gb",
        node_count=1,
        private_network_uuid=vpc.id,
    ),
)

heartbeat = Heartbeat(
    "heartbeat",
    HeartbeatArgs(
        settings={
            "name": "shop-heartbeat",
            "region": "fra",
            "aws:region": "us-west-2",
            "image": "ghcr.io/example/heartbeat:1.2.3",
            "alertEmails": ["on-call@example.org"],
        },
        clusters={"postgres": postgres, "valkey": valkey},
        vpc=vpc,
        password=config.require_secret("heartbeatPassword"),
    ),
)

pulumi.export("heartbeat", heartbeat.url)
