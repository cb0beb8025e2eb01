"""Checks before an `up`, one module for each system that they check."""
