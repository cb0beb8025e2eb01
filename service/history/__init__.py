"""What became of every beat: kept in PostgreSQL by the worker, told by the API."""
