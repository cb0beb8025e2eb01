"""Alerts: decides what to tell, keeps it until it is told, and tells it."""
