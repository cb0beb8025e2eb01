"""Alerts: decide on events, keep them until they are delivered, and deliver them."""
