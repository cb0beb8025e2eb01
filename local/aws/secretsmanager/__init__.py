"""Secrets Manager, with the limits that AWS sets and moto does not."""
