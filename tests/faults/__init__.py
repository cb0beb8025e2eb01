"""Faults of real servers, and what Heartbeat says of each."""
