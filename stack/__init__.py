"""The Pulumi program that deploys Heartbeat, and its preflight checks."""
