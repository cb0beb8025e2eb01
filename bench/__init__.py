"""Figures: what Heartbeat costs to run, beside what this machine can do at best, in one run."""
