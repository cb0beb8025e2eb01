"""What deploys Heartbeat: the Pulumi program, its preflight, and nothing that runs in the cloud."""
