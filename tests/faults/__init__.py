"""Cause faults of real servers, and check what Heartbeat reports."""
