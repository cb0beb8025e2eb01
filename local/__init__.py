"""Heartbeat on one machine: real stores, a stand-in for AWS, and what runs it all."""
