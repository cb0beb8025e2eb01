"""A lease, in PostgreSQL or Valkey, by which one of several processes leads."""
