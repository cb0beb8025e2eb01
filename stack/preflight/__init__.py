"""Checks before an `up`: one module for each party that is involved."""
