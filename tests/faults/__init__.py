"""Faults of real servers, and what Heartbeat reports of each."""
