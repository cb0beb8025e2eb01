"""Heartbeat on one machine: real stores, a stand-in for AWS, and a supervisor."""
